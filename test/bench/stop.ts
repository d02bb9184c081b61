/**
 * Stop, judged from the host: 50 processes (forked, double-forked, in sessions of their own) that hold 500 MB between them and each count
 * in a file of the staging layer, without pause. How long after the call the last count moves, and when the last process is gone.
 */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxTrees } from "../sandbox/traces.ts";
import type { FolderMount } from "../../protocol/sandboxSpec.ts";
import type { Home } from "../journeys/app.ts";
import { folders, openBox, start } from "./boxes.ts";
import { percentile, type Figure } from "./measure.ts";
import type { Sandbox } from "../../main/sandbox/sandbox.ts";

const many = 50;
/** Compiled without libraries: what is measured is the end of 50 processes and 500 MB, not that of 50 interpreters. */
const busy = `
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
enum { MANY = ${many}, HOLD = 10 << 20 };
static void work(volatile uint64_t *beats, int i) {
  char *hold = malloc(HOLD);
  memset(hold, 1, HOLD);
  for (uint64_t n = 1;; n++) {
    beats[i] = n;
    if (n % 100000 == 0) usleep(500);
  }
}
int main(void) {
  int fd = open("beats", O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || ftruncate(fd, 8 * MANY) < 0) return 1;
  volatile uint64_t *beats = mmap(NULL, 8 * MANY, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (beats == MAP_FAILED) return 1;
  for (int i = 0; i < MANY; i++) {
    if (fork() != 0) continue;
    if (i % 3 > 0) setsid();
    if (i % 3 > 1 && fork() != 0) _exit(0);
    work(beats, i);
  }
  for (;;) pause();
}
`;

/** In a folder of its own, to be granted beside the one that is written. */
function compile(place: string): FolderMount {
  const [folder] = folders(place, 1) as [FolderMount];
  writeFileSync(join(folder.path, "busy.c"), busy);
  const { status, stderr } = spawnSync("cc", ["-O1", "-static", "-Wall", "-Werror", "-o", join(folder.path, "busy"), join(folder.path, "busy.c")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the fifty could not be compiled: ${stderr}`);
  return folder;
}

export async function stop(home: Home): Promise<Figure[]> {
  const sandbox = openBox(join(home.path, "run"));
  const program = compile(home.path);
  const tries: { still: number; gone: number }[] = [];
  for (let index = 0; index < 200; index++) tries.push(await once({ sandbox, home, program }));
  return (["still", "gone"] as const).map((kind) => {
    const values = tries.map((one) => one[kind]);
    const name = kind === "still" ? "stop → the last instruction of 50 processes with 500 MB" : "stop → all are gone";
    const shown = [0.5, 0.99, 1].map((part) => percentile(values, part).toFixed(1)).join(" / ");
    return { name: `${name}, 99th percentile of 200 tries (p50 / p99 / most: ${shown})`, value: percentile(values, 0.99), unit: "ms", goal: kind === "still" ? 20 : 100, spread: 0 };
  });
}

async function once({ sandbox, home, program }: { sandbox: Sandbox; home: Home; program: FolderMount }): Promise<{ still: number; gone: number }> {
  const grant = folders(home.path, 1, "edit");
  const box = await start(sandbox, { command: [join(program.path, "busy")], folders: [...grant, program] });
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
    if (performance.now() <= end) continue;
    await box.stop();
    throw new Error(`the fifty did not start to count: ${beats.toString("hex")}`);
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
    // Not without pause: the kernel needs both processors to put them away.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const left = pids.filter((pid) => existsSync(`/proc/${pid}`));
  if (left.length > 0) throw new Error("a process of the sandbox is there after its end");
  if (file !== undefined) closeSync(file);
  await box.exited;
  return { still: moved - begun, gone: (await stopped) - begun };
}
