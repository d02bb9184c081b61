/** `npm run bench`: every figure with its reference in the same run. Exit 1 when a goal is missed by more than the spread, 3 when a reference is absent. */
import { accessSync } from "node:fs";
import { makeHome, type Home } from "../journeys/app.ts";
import { containment, findSrt, srtInstall } from "./containment.ts";
import { feedRate } from "./feedRate.ts";
import { leaks } from "./leaks.ts";
import { median, meets, spread, type Figure, type Subject } from "./measure.ts";
import { firstEventOnPage, framesWithManyEvents } from "./page.ts";
import { stop } from "./stop.ts";

async function* page(home: Home): AsyncIterable<Figure> {
  const first = await firstEventOnPage(home, 15);
  yield { name: "ask → first agent event on the page, agent start included", value: median(first.ms), unit: "ms", goal: 500, spread: spread(first.ms) };
  yield { name: "one idle conversation (its sandbox's processes)", value: first.idleMegabytes, unit: "MB", goal: 100, spread: 0.02 };
  const frames = await framesWithManyEvents(home, 100_000);
  yield { name: "page at 100,000 events: longest frame while scrolling", value: frames.longest, unit: "ms", goal: 200, spread: 0 };
}

const subjects: { [name: string]: Subject } = { containment, leaks, stop, feed: feedRate, page };
const asked = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(subjects);
const unknown = asked.find((name) => !subjects[name]);
if (unknown !== undefined) {
  console.error(`bench: there is no subject ${unknown}; there are ${Object.keys(subjects).join(", ")}`);
  process.exit(2);
}
try {
  accessSync("/usr/bin/bwrap");
  if (asked.includes("page")) accessSync("/usr/bin/chromium");
} catch {
  console.error("bench: a reference is absent (bubblewrap, chromium)");
  process.exit(3);
}
if (asked.includes("containment") && !findSrt()) {
  console.error(`bench: a reference is absent (srt): ${srtInstall}`);
  process.exit(3);
}
let missed = false;
const home = makeHome();
try {
  for (const name of asked) {
    for await (const figure of (await subjects[name]?.(home)) ?? []) {
      missed ||= !meets(figure);
      console.log(`${meets(figure) ? "ok    " : "MISSED"} ${figure.name}: ${figure.value.toFixed(2)} ${figure.unit} (goal ${figure.atLeast ? "≥" : "≤"} ${figure.goal}; spread ±${(figure.spread * 100).toFixed(0)} %)`);
    }
  }
} finally {
  home.remove();
}
process.exitCode = missed ? 1 : 0;
