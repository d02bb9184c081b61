/**
 * Stop, judged from the host: 50 processes (forked, double-forked, in sessions of their own) that hold 500 MB between them and each count
 * in a file of the staging layer, without pause. How long after the call the last count moves, and when the last process is gone.
 */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { sandboxTrees } from "../sandbox/traces.ts";
import type { Home } from "../journeys/app.ts";
import { folders, openBox, start } from "./boxes.ts";
import { percentile, type Figure } from "./measure.ts";
import type { Sandbox } from "../../main/sandbox/sandbox.ts";

const many = 50;
const busy = `
import mmap, os, sys, time
many = ${many}
with open("beats", "wb") as f: f.truncate(8 * many)
def work(i):
    hold = bytearray(10 << 20)
    for at in range(0, len(hold), 4096): hold[at] = 1
    f = open("beats", "r+b")
    beats = mmap.mmap(f.fileno(), 8 * many)
    n = 0
    while True:
        n += 1
        beats[8 * i:8 * i + 8] = n.to_bytes(8, "little")
        if n % 64 == 0: time.sleep(0.0005)
for i in range(many):
    if os.fork() == 0:
        if i % 3 > 0: os.setsid()
        if i % 3 > 1 and os.fork(): os._exit(0)
        work(i)
while True: time.sleep(1)
`;

export async function stop(home: Home): Promise<Figure[]> {
  const sandbox = openBox(join(home.path, "run"));
  const tries: { still: number; gone: number }[] = [];
  for (let index = 0; index < 200; index++) tries.push(await once(sandbox, home));
  return (["still", "gone"] as const).map((kind) => {
    const values = tries.map((one) => one[kind]);
    const name = kind === "still" ? "stop → the last instruction of 50 processes with 500 MB" : "stop → all are gone";
    const shown = [0.5, 0.99, 1].map((part) => percentile(values, part).toFixed(1)).join(" / ");
    return { name: `${name}, 99th percentile of 200 tries (p50 / p99 / most: ${shown})`, value: percentile(values, 0.99), unit: "ms", goal: kind === "still" ? 20 : 100, spread: 0 };
  });
}

async function once(sandbox: Sandbox, home: Home): Promise<{ still: number; gone: number }> {
  const grant = folders(home.path, 1, "edit");
  const box = await start(sandbox, { command: ["python3", "-c", busy], folders: grant });
  const beats = Buffer.alloc(8 * many);
  let file: number | undefined;
  const read = (): string => {
    file ??= openSync(join(grant[0]?.upper ?? "", "beats"), "r");
    readSync(file, beats, 0, beats.length, 0);
    return beats.toString("hex");
  };
  const counting = (): boolean => {
    try {
      read();
      return Array.from({ length: many }, (_, index) => beats.readBigUInt64LE(8 * index)).every((count) => count > 0n);
    } catch {
      return false;
    }
  };
  for (const end = performance.now() + 60_000; !counting(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (performance.now() > end) throw new Error("the fifty did not start to count");
  }
  const pids = sandboxTrees(box.pid);
  if (pids.length < many) throw new Error(`only ${pids.length} processes were there to be stopped`);
  const begun = performance.now();
  let moved = begun;
  let last = read();
  const stopped = box.stop().then(() => performance.now());
  let over: number | undefined;
  void stopped.then((at) => (over = at));
  // Read in turns with the event loop: what is seen to move moved before it was read.
  while (over === undefined || performance.now() - over < 30) {
    const now = read();
    if (now !== last) [last, moved] = [now, performance.now()];
    await new Promise((resolve) => setImmediate(resolve));
  }
  const left = pids.filter((pid) => existsSync(`/proc/${pid}`));
  if (left.length > 0) throw new Error("a process of the sandbox is there after its end");
  if (file !== undefined) closeSync(file);
  await box.exited;
  return { still: moved - begun, gone: (await stopped) - begun };
}
