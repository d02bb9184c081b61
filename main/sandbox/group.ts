/**
 * A control group of the kernel around one sandbox: hard totals for memory and processes, a share of the processor, a freezer.
 * Root makes it directly (v1's hierarchies or v2); a plain user gets a systemd scope, made before the launch (scope.ts).
 * Joining waits up to 20 ms in the kernel, so it happens beside the launch, a moment after the start: what was forked until then is moved
 * in, one by one. Until all are in, and where one cannot be moved, `held` is false and the watch's own look holds the limits.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bounds } from "./limits.ts";
import { listProcesses } from "./processes.ts";

const afterMs = 12;
const root = "/sys/fs/cgroup";

export interface GroupUsage { memory: number; outOfMemory: number; processes: number; refused: number; cpuSeconds: number }

export interface Group {
  /** v1: the file that thaws the group. The launcher opens it, so that it can end a frozen tree also when the app is gone. */
  thaw?: string;
  /** Begins to move the tree in. `outgrown`: it has more processes than it may before all of them are in. */
  hold(init: number, outgrown: (processes: number) => void): void;
  /** Whether every process of the tree is in every group: only then do its figures say anything. */
  held(): boolean;
  usage(): GroupUsage;
  freeze(frozen: boolean): Promise<void>;
  /** After the end: leaves no group behind. */
  close(): Promise<void>;
}

type Log = (message: string, cause?: unknown) => void;

/** For root, where the kernel's groups can be written; undefined means the other tier. */
export function openGroup(name: string, bounds: Bounds, log: Log): Group | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  try {
    const places = findPlaces();
    if (!places) return undefined;
    for (const parent of places.parents) sweep(parent);
    return places.kind === "v1" ? firstKind(places.parents, `bulkhead-${process.pid}-${name}`, bounds) : secondKind(makeSecond(`bulkhead-${process.pid}-${name}`, bounds), bounds);
  } catch (error) {
    log("no control group: limits are held by the watch", error);
    return undefined;
  }
}

/** Whether root's groups could be made here; nothing is made. */
export const groupsHere = (): boolean => process.platform === "linux" && process.getuid?.() === 0 && findPlaces() !== undefined;

interface GroupPlaces { kind: "v1" | "v2"; parents: string[] }

function findPlaces(): GroupPlaces | undefined {
  if (existsSync(join(root, "cgroup.controllers"))) {
    const offered = readFileSync(join(root, "cgroup.controllers"), "utf8").split(/\s+/);
    return offered.includes("memory") && offered.includes("pids") ? { kind: "v2", parents: [root] } : undefined;
  }
  const own = new Map(readFileSync("/proc/self/cgroup", "utf8").split("\n").flatMap((line) => {
    const [, names = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return names.split(",").map((name) => [name, path] as const);
  }));
  // Below our own group, so that whoever limited us limits the sandbox too.
  const parents = ["memory", "pids", "freezer", "cpuacct", "cpu"].map((name) => [join(root, name, own.get(name) ?? "/"), join(root, name)].find((path) => existsSync(join(path, "cgroup.procs"))));
  return parents.every((path) => path !== undefined) ? { kind: "v1", parents } : undefined;
}

function firstKind(parents: string[], name: string, bounds: Bounds): Group {
  const [memory = "", pids = "", freezer = "", account = "", cpu = ""] = parents.map((parent) => join(parent, name));
  // Where two hierarchies are mounted as one, the second name is the same directory.
  for (const group of [memory, pids, freezer, account, cpu]) if (!existsSync(group)) mkdirSync(group);
  writeFileSync(join(memory, "memory.limit_in_bytes"), String(bounds.memoryBytes));
  if (existsSync(join(memory, "memory.memsw.limit_in_bytes"))) writeFileSync(join(memory, "memory.memsw.limit_in_bytes"), String(bounds.memoryBytes));
  // Process 1 counts too.
  writeFileSync(join(pids, "pids.max"), String(bounds.processes + 1));
  writeFileSync(join(cpu, "cpu.shares"), "512");
  const all = [pids, memory, freezer, account, cpu];
  const state = join(freezer, "freezer.state");
  const joining = joinGroups(all, pids);
  return {
    thaw: state, held: joining.held, hold: (init, outgrown) => joining.begin({ init, most: bounds.processes, outgrown }),
    usage: () => ({
      memory: count(join(memory, "memory.usage_in_bytes")), outOfMemory: count(join(memory, "memory.oom_control"), "oom_kill"),
      processes: count(join(pids, "pids.current")), refused: count(join(pids, "pids.events"), "max"), cpuSeconds: count(join(account, "cpuacct.usage")) / 1e9,
    }),
    async freeze(frozen) {
      await joining.whole();
      await writeFile(state, frozen ? "FROZEN" : "THAWED");
      for (let tries = 0; frozen && tries < 100 && !readFileSync(state, "utf8").startsWith("FROZEN"); tries++) await after(5);
    },
    async close() {
      await joining.end();
      await Promise.all(all.map(removeGroup));
    },
  };
}

function makeSecond(name: string, bounds: Bounds): string {
  for (const controller of ["+memory", "+pids", "+cpu"]) {
    try {
      writeFileSync(join(root, "cgroup.subtree_control"), controller);
    } catch {
      // Not offered here, or held by whoever made this container: the files below tell.
    }
  }
  const group = join(root, name);
  mkdirSync(group);
  try {
    writeFileSync(join(group, "memory.max"), String(bounds.memoryBytes));
    writeFileSync(join(group, "pids.max"), String(bounds.processes + 1));
    for (const [file, value] of [["memory.swap.max", "0"], ["memory.oom.group", "1"], ["cpu.weight", "20"]] as const) if (existsSync(join(group, file))) writeFileSync(join(group, file), value);
    return group;
  } catch (error) {
    rmdirSync(group);
    throw error;
  }
}

function secondKind(group: string, bounds: Bounds): Group {
  const joining = joinGroups([group], group);
  return {
    held: joining.held, hold: (init, outgrown) => joining.begin({ init, most: bounds.processes, outgrown }),
    usage: () => secondUsage(group),
    async freeze(frozen) {
      await joining.whole();
      await freezeSecond(group, frozen);
    },
    async close() {
      await joining.end();
      await removeGroup(group);
    },
  };
}

/** The scope that systemd made holds the launcher too; what must freeze moves into a group of its own inside, when it is first frozen. */
export function scopeGroup(init: number): Group | undefined {
  try {
    const path = /^0::(\/.*\/bulkhead-[^/]*\.scope)$/m.exec(readFileSync(`/proc/${init}/cgroup`, "utf8"))?.[1];
    const scope = path === undefined ? undefined : join(root, path);
    if (scope === undefined || !existsSync(join(scope, "memory.max")) || !existsSync(join(scope, "pids.max"))) return undefined;
    const inner = join(scope, "box");
    return {
      held: () => true, hold: () => undefined, usage: () => secondUsage(scope),
      async freeze(frozen) {
        if (!existsSync(inner)) mkdirSync(inner);
        const joining = joinGroups([inner], inner);
        joining.begin({ init, most: Infinity, outgrown: () => undefined }, 0);
        await joining.whole();
        await freezeSecond(inner, frozen);
      },
      close: () => removeGroup(inner),
    };
  } catch {
    return undefined;
  }
}

const secondUsage = (group: string): GroupUsage => ({
  memory: count(join(group, "memory.current")), outOfMemory: count(join(group, "memory.events"), "oom_kill"),
  processes: count(join(group, "pids.current")), refused: count(join(group, "pids.events"), "max"), cpuSeconds: count(join(group, "cpu.stat"), "usage_usec") / 1e6,
});

async function freezeSecond(group: string, frozen: boolean): Promise<void> {
  await writeFile(join(group, "cgroup.freeze"), frozen ? "1" : "0");
  for (let tries = 0; frozen && tries < 100 && count(join(group, "cgroup.events"), "frozen") !== 1; tries++) await after(5);
}

/** The whole file as a number, or the number behind a name in it. */
function count(file: string, name?: string): number {
  try {
    const text = readFileSync(file, "utf8");
    return Number((name === undefined ? text : new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]) ?? 0);
  } catch {
    return 0;
  }
}

interface Tree { init: number; most: number; outgrown(processes: number): void }
interface Joining { begin(tree: Tree, ms?: number): void; held(): boolean; /** Waits for it; rejects where the tree is not whole in the group. */ whole(): Promise<void>; end(): Promise<void> }

function joinGroups(groups: string[], first: string): Joining {
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let begun = false;
  let held = false;
  let joined: Promise<void> = Promise.resolve();
  return {
    held: () => held,
    begin(tree, ms = afterMs) {
      joined = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      }).then(async () => {
        begun = true;
        // What fails here leaves `held` false: the watch goes on with its own look.
        held = await fill({ groups, first, tree }, () => ended).catch(() => false);
      });
    },
    async whole() {
      await joined;
      if (!held) throw new Error("not every process is in its control group");
    },
    async end() {
      ended = true;
      // Not begun yet: nothing to wait for.
      clearTimeout(timer);
      if (begun) await joined;
    },
  };
}

/** Moves the tree in until nothing of it is left outside; false where a living process stayed outside. */
async function fill({ groups, first, tree }: { groups: string[]; first: string; tree: Tree }, ended: () => boolean): Promise<boolean> {
  while (!ended()) {
    const all = [tree.init, ...listProcesses(tree.init, tree.most).map((process) => process.pid)];
    if (all.length > tree.most + 1) {
      tree.outgrown(all.length - 1);
      return false;
    }
    const inside = new Set(readFileSync(join(first, "cgroup.procs"), "utf8").split("\n").map(Number));
    const outside = all.filter((pid) => !inside.has(pid));
    if (outside.length === 0) return true;
    let moved = 0;
    for (const pid of outside) if (await moveInto(groups, pid)) moved += 1;
    // A process that ended meanwhile is no failure.
    if (moved === 0) return outside.every((pid) => !existsSync(`/proc/${pid}`));
  }
  return false;
}

/** The first group tells who is in, so it comes last: whoever is in it is in all of them. */
async function moveInto(groups: string[], pid: number): Promise<boolean> {
  try {
    for (const group of [...groups].reverse()) await writeFile(join(group, "cgroup.procs"), String(pid));
    return true;
  } catch {
    return false;
  }
}

/** Groups of an app that was killed: its pid is in the name. What it left frozen ends here. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = /^bulkhead-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    const group = join(parent, name);
    try {
      for (const pid of readFileSync(join(group, "cgroup.procs"), "utf8").split("\n").map(Number)) if (pid > 1) process.kill(pid, "SIGKILL");
      if (existsSync(join(group, "freezer.state"))) writeFileSync(join(group, "freezer.state"), "THAWED");
      rmdirSync(group);
    } catch {
      // Still busy, or another process of ours was faster: the next start looks again.
    }
  }
}

/** A group is busy until the kernel has put its last process away. */
async function removeGroup(group: string): Promise<void> {
  for (let tries = 0; tries < 50 && existsSync(group); tries++) {
    try {
      rmdirSync(group);
    } catch {
      await after(10);
    }
  }
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
