/** A thousand launches in a row: what is more afterwards than before. Every count must be zero, memory flat. */
import { readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { belowUs } from "../sandbox/traces.ts";
import type { Home } from "../journeys/app.ts";
import { folders, launch, openBox } from "./boxes.ts";
import { median, type Figure } from "./measure.ts";

const collect = (globalThis as { gc?: () => void }).gc;
const counts = (place: string): { [name: string]: number } => ({
  "descriptors of the host": readdirSync("/proc/self/fd").length,
  "mounts of the host": readFileSync("/proc/self/mountinfo", "utf8").split("\n").length,
  "processes": belowUs().length,
  "temporary files": readdirSync(place, { recursive: true }).length + readdirSync(tmpdir()).filter((name) => /^bulkhead-[A-Za-z0-9]{6}$/.test(name)).length,
});

export async function leaks(home: Home): Promise<Figure[]> {
  const place = join(home.path, "run");
  const sandbox = openBox(place);
  const [read, edit] = [folders(home.path, 1), folders(home.path, 1, "edit")];
  const memory: number[] = [];
  let before: ReturnType<typeof counts> = {};
  for (let index = 0; index < 1050; index++) {
    if (index === 50) before = counts(place);
    await launch(sandbox, { command: ["sh", "-c", "sleep 30 & setsid sleep 30 & true"], folders: index % 2 === 0 ? read : edit });
    if (index < 50) continue;
    if (index % 10 === 0) collect?.();
    if (index % 10 === 0) memory.push(process.memoryUsage().rss);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const after = counts(place);
  const half = memory.length / 2;
  return [
    ...Object.keys(before).map((name) => ({ name: `1,000 launches: more ${name}`, value: (after[name] ?? 0) - (before[name] ?? 0), unit: "", goal: 0, spread: 0 })),
    { name: "1,000 launches: resident memory, second half against first", value: median(memory.slice(half)) / median(memory.slice(0, half)), unit: "x", goal: 1.05, spread: 0 },
  ];
}
