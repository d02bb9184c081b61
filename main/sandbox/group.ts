/**
 * The limit on processes for those who start Bulkhead as root: the kernel does not hold root to RLIMIT_NPROC, so a control group does
 * (v1's pids hierarchy, or v2). For everybody else the limit inside the sandbox's own user namespace is enough.
 * Joining a group costs 20 ms of waiting in the kernel, so it happens beside the launch, a moment after the start: what was forked until
 * then is moved in, one by one, and a tree that has outgrown its limit meanwhile is ended.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listProcesses } from "./processes.ts";

const afterMs = 30;

interface Held { init: number; processes: number; kill(): void; log(message: string, cause?: unknown): void }

/** Returns the closer: it leaves no group behind. */
export function holdProcesses(held: Held): () => Promise<void> {
  if (process.getuid?.() !== 0 || process.platform !== "linux") return async () => undefined;
  let ended = false;
  let holding: Promise<void> = Promise.resolve();
  let group: string | undefined;
  const timer = setTimeout(() => {
    group = makeGroup(held);
    if (group) holding = fill(group, held, () => ended);
  }, afterMs);
  return async () => {
    ended = true;
    clearTimeout(timer);
    await holding;
    if (group) await removeGroup(group);
  };
}

async function fill(group: string, held: Held, ended: () => boolean): Promise<void> {
  const file = join(group, "cgroup.procs");
  while (!ended()) {
    const all = [held.init, ...listProcesses(held.init).map((process) => process.pid)];
    if (all.length > held.processes + 1) {
      held.log(`more than ${held.processes} processes: the sandbox is ended`);
      return held.kill();
    }
    const inside = new Set(readFileSync(file, "utf8").split("\n").map(Number));
    const outside = all.filter((pid) => !inside.has(pid));
    if (outside.length === 0) return;
    // A process that ended meanwhile is no failure.
    for (const pid of outside) await writeFile(file, String(pid)).catch(() => undefined);
  }
}

function makeGroup(held: Held): string | undefined {
  const parent = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].find((path) => existsSync(join(path, "cgroup.procs")));
  if (!parent) return undefined;
  const group = join(parent, `bulkhead-${process.pid}-${held.init}`);
  try {
    sweep(parent);
    if (existsSync(join(parent, "cgroup.subtree_control"))) writeFileSync(join(parent, "cgroup.subtree_control"), "+pids");
    mkdirSync(group);
    // Process 1 counts too.
    writeFileSync(join(group, "pids.max"), String(held.processes + 1));
    return group;
  } catch (error) {
    held.log("no control group for the limit on processes", error);
    return undefined;
  }
}

/** Groups of an app that was killed: its pid is in the name. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = /^bulkhead-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) rmdirSync(join(parent, name));
  }
}

/** A group is busy until the kernel has put its last process away. */
async function removeGroup(group: string): Promise<void> {
  for (let tries = 0; tries < 50 && existsSync(group); tries++) {
    try {
      rmdirSync(group);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
