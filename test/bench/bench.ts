/** `npm run bench`: every figure of the main job with its reference in the same run. Exit 1 when a goal is missed by more than the spread, 3 when a reference is absent. */
import { spawn } from "node:child_process";
import { accessSync, mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { openFeed } from "../../main/feed/feed.ts";
import { createSandbox } from "../../main/sandbox/sandbox.ts";
import type { EventDraft } from "../../protocol/event.ts";
import { sandboxSpecSchema } from "../../protocol/sandboxSpec.ts";
import { bin, makeHome, root, type Home } from "../journeys/app.ts";
import { firstEventOnPage, framesWithManyEvents } from "./page.ts";
import { alternate, meets, median, spread, timed, type Figure } from "./measure.ts";

const figures: Figure[] = [];
const home = makeHome();
try {
  accessSync("/usr/bin/bwrap");
  accessSync("/usr/bin/chromium");
} catch {
  console.error("bench: a reference is absent (bubblewrap, chromium)");
  process.exit(3);
}

function run(command: string, args: string[], environment: NodeJS.ProcessEnv = { PATH: process.env["PATH"] }): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: environment, stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`${command} ended with ${code}`))));
  });
}

const sandbox = createSandbox({ dist: join(root, "dist"), node: process.execPath, runDirectory: join(home.path, "run"), log: () => undefined });

async function launch(command: string[], withAgent = false): Promise<string> {
  let out = "";
  const box = await sandbox.launch(sandboxSpecSchema.parse({ command, withAgent }), { kind: "pty", cols: 80, rows: 24, onOutput: (text) => (out += text) });
  if (!box.ok) throw new Error(box.problem.message);
  const end = await box.value.exited;
  if (end.code !== 0) throw new Error(`ended with ${end.code}: ${out}`);
  return out;
}

async function launches(): Promise<void> {
  const raw = ["--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "/usr/bin/true"];
  const warm = await alternate(40, () => timed(() => launch(["true"])), () => timed(() => run("/usr/bin/bwrap", raw)));
  figures.push({ name: "spec → true inside, reaped; against raw bwrap", value: warm.ratio, unit: "x", goal: 3, spread: warm.spread });
  const whole = await alternate(15, () => timed(() => run(process.execPath, [bin, "sandbox", "--", "true"], home.environment)), () => timed(() => run(process.execPath, ["-e", "0"])));
  figures.push({ name: "bulkhead sandbox -- true, whole process; against node -e 0", value: whole.ratio, unit: "x", goal: 3, spread: whole.spread });
}

async function commands(): Promise<void> {
  const script = "const {spawnSync}=require('child_process');const b=performance.now();for(let i=0;i<300;i++)spawnSync('/usr/bin/true');console.log('MS='+(performance.now()-b))";
  const read = (out: string): number => Number(/MS=([\d.]+)/.exec(out)?.[1]);
  const result = await alternate(5, async () => read(await launch(["/opt/bulkhead/node", "-e", script], true)), async () => read(await run(process.execPath, ["-e", script])));
  figures.push({ name: "a command inside; against the same fork outside", value: result.ratio, unit: "x", goal: 1.2, spread: result.spread });
}

const draft = (index: number): EventDraft => ({
  kind: "tool.called", conversation: "bench0000000", actor: "agent", evidence: "claimed", outcome: "done",
  detail: { id: `t${index}`, tool: "read", summary: `read file ${index} of a folder with a usual name.txt`, status: "completed" },
});

function bareInsert(path: string, batch: number, total: number): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE IF NOT EXISTS e(conversation TEXT, seq INTEGER, body TEXT, PRIMARY KEY(conversation, seq)) WITHOUT ROWID");
  const insert = database.prepare("INSERT INTO e VALUES(?,?,?)");
  const first = (database.prepare("SELECT coalesce(max(seq),0) AS seq FROM e").get()?.["seq"] as number) + 1;
  for (let index = 0; index < total; index += batch) {
    database.exec("BEGIN IMMEDIATE");
    for (let one = index; one < index + batch; one++) insert.run("bench", first + one, JSON.stringify(draft(one)));
    database.exec("COMMIT");
  }
  database.close();
}

async function feedRate(): Promise<void> {
  mkdirSync(join(home.path, "feed"));
  for (const batch of [100, 1]) {
    const total = batch === 1 ? 2000 : 10_000;
    const feed = openFeed({ path: join(home.path, "feed", `${batch}.db`), now: () => new Date(), redact: (text) => text });
    const result = await alternate(5, () => timed(async () => {
      for (let index = 0; index < total; index += batch) feed.recordAll(Array.from({ length: batch }, (_, one) => draft(index + one)));
    }), () => timed(async () => bareInsert(join(home.path, "feed", `bare${batch}.db`), batch, total)));
    feed.close();
    figures.push({ name: `feed, batches of ${batch}; rate against a bare insert loop`, value: 1 / result.ratio, unit: "x", goal: 0.6, atLeast: true, spread: result.spread });
  }
}

async function page(with_: Home): Promise<void> {
  const first = await firstEventOnPage(with_, 7);
  figures.push({ name: "ask → first agent event on the page, agent start included", value: median(first.ms), unit: "ms", goal: 500, spread: spread(first.ms) });
  figures.push({ name: "one idle conversation (its sandbox's processes)", value: first.idleMegabytes, unit: "MB", goal: 100, spread: 0.02 });
  const frames = await framesWithManyEvents(with_, 100_000);
  figures.push({ name: "page at 100,000 events: longest frame while scrolling", value: frames.longest, unit: "ms", goal: 200, spread: 0 });
}

try {
  await launches();
  await commands();
  await feedRate();
  await page(home);
} finally {
  home.remove();
}
for (const figure of figures) {
  console.log(`${meets(figure) ? "ok    " : "MISSED"} ${figure.name}: ${figure.value.toFixed(2)} ${figure.unit} (goal ${figure.atLeast ? "≥" : "≤"} ${figure.goal}; spread ±${(figure.spread * 100).toFixed(0)} %)`);
}
process.exitCode = figures.every(meets) ? 0 : 1;
