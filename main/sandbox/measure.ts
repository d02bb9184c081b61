/**
 * What one sandbox's tree uses, read from outside. First what is cheap and never too small (resident memory counted whole in each process, all
 * memory files of the machine since the start); only where that is above the limit what is exact.
 */
import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { children } from "./processes.ts";

export interface Member { pid: number; threads: number; descriptors: number; own: number }

/** Process 1 first, then everything below it, but not more than twice what is allowed: a tree that forks faster than it is read has no end. */
export function readTree(init: number, allowed: number): Member[] {
  const found: Member[] = [];
  const waiting = [init];
  for (let pid = waiting.pop(); pid !== undefined && found.length <= 2 * allowed + 2; pid = waiting.pop()) {
    const status = read(`/proc/${pid}/status`);
    if (status === undefined) continue;
    const kib = (name: string): number => 1024 * field(status, name);
    found.push({ pid, threads: field(status, "Threads"), descriptors: field(status, "FDSize"), own: kib("RssAnon") + kib("RssShmem") + kib("VmPTE") + kib("VmSwap") });
    waiting.push(...children(pid));
  }
  return found;
}

const field = (text: string, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Shared pages divided among those who share them. A process that will not tell counts whole. */
function share({ pid, own }: Member): number {
  const text = read(`/proc/${pid}/smaps_rollup`);
  // Ended meanwhile is nothing; alive and silent is all of it.
  if (text === undefined || text === "") return read(`/proc/${pid}/status`)?.includes("VmRSS") ? own : 0;
  const tables = 1024 * field(read(`/proc/${pid}/status`) ?? "", "VmPTE");
  return 1024 * (field(text, "Pss_Anon") + field(text, "Pss_Shmem") + field(text, "SwapPss")) + tables;
}

const areaPaths = ["/home/agent", "/tmp", "/dev/shm"];

function deviceOf(path: string): number[] {
  try {
    return [statSync(path).dev];
  } catch {
    return [];
  }
}

export interface Area { path: string; used: number; size: number; full: boolean }

/** The private areas, through process 1's root: they are mount points in a read-only root, no link can stand in the way. */
export function readAreas(init: number): Area[] {
  return areaPaths.flatMap((path) => {
    try {
      const { bsize, blocks, bfree, files, ffree } = statfsSync(`/proc/${init}/root${path}`);
      // An empty file costs the kernel about a kilobyte.
      return [{ path, used: (blocks - bfree) * bsize + (files - ffree) * 1024, size: blocks * bsize, full: bfree * bsize < 65_536 || ffree === 0 }];
    } catch {
      return [];
    }
  });
}

/** The whole machine's memory files, and what the kernel holds for itself (socket buffers are in it). */
interface Machine { shared: number; kernel: number }

function readMachine(): Machine {
  const text = read("/proc/meminfo") ?? "";
  const kib = (name: string): number => 1024 * field(text, name);
  return { shared: kib("Shmem"), kernel: kib("MemTotal") - kib("MemFree") - kib("Buffers") - kib("Cached") - kib("SwapCached") - kib("AnonPages") - kib("SReclaimable") };
}

/** What no process shows as its own: memory files, and files that are open but have no name any more. `all`: none was overlooked. */
export interface Hidden { memory: number; disk: number; all: boolean }

const mostDescriptors = 20_000;

export function readHidden(members: readonly Member[]): Hidden {
  const areas = new Set(areaPaths.flatMap((path) => deviceOf(`/proc/${members[0]?.pid}/root${path}`)));
  const hidden = { memory: 0, disk: 0, all: true };
  if (members.reduce((sum, member) => sum + member.descriptors, 0) > mostDescriptors) return { ...hidden, all: false };
  const seen = new Set<string>();
  for (const { pid } of members) {
    for (const fd of list(`/proc/${pid}/fd`)) look(pid, fd, { hidden, seen, areas });
  }
  return hidden;
}

function look(pid: number, fd: string, found: { hidden: Hidden; seen: Set<string>; areas: Set<number> }): void {
  try {
    const link = readlinkSync(`/proc/${pid}/fd/${fd}`);
    // A descriptor that lies in a socket's queue is nowhere else to be seen.
    if (link.startsWith("socket:") && field(read(`/proc/${pid}/fdinfo/${fd}`) ?? "", "scm_fds") > 0) found.hidden.all = false;
    if (!link.endsWith(" (deleted)")) return;
    const { dev, ino, blocks } = statSync(`/proc/${pid}/fd/${fd}`);
    if (found.areas.has(dev) || found.seen.has(`${dev} ${ino}`)) return;
    found.seen.add(`${dev} ${ino}`);
    found.hidden[link.startsWith("/memfd:") || link.startsWith("/dev/zero") ? "memory" : "disk"] += blocks * 512;
  } catch {
    // Closed while we looked.
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

export interface MemoryMeter { used(members: readonly Member[], areas: readonly Area[], allowed: number): number }

/** Returns the upper bound while it is below the limit, else the exact figure. Memory files that are mapped count twice: to the safe side. */
export function openMemoryMeter(init: number): MemoryMeter {
  const begin = readMachine();
  const most = 2 * Number(read("/proc/sys/net/core/wmem_max") ?? 212_992);
  return {
    used(members, areas, allowed) {
      const now = readMachine();
      const inAreas = areas.reduce((sum, area) => sum + area.used, 0);
      const sockets = Math.min(Math.max(0, now.kernel - begin.kernel), most * Number(/sockets: used (\d+)/.exec(read(`/proc/${init}/net/sockstat`) ?? "")?.[1] ?? 0));
      const files = Math.max(0, now.shared - begin.shared);
      const bound = members.reduce((sum, member) => sum + member.own, 0) + inAreas + files + sockets;
      if (bound <= allowed) return bound;
      const exact = (tree: readonly Member[]): number => {
        const hidden = readHidden(tree);
        return tree.reduce((sum, member) => sum + share(member), 0) + inAreas + (hidden.all ? hidden.memory : files) + sockets;
      };
      const first = exact(members);
      // Who ends or forks in the middle of it is counted wrongly: above the limit it is read once more.
      return first <= allowed ? first : Math.min(first, exact(readTree(init, members.length)));
    },
  };
}

/** Seconds of all that run, and of the ended whose parent waited for them. */
export function cpuSeconds(members: readonly Member[]): number {
  return members.reduce((sum, { pid }) => {
    const words = (read(`/proc/${pid}/stat`) ?? "").split(") ").at(-1)?.split(" ") ?? [];
    return sum + words.slice(11, 15).reduce((ticks, word) => ticks + Number(word), 0) / 100;
  }, 0);
}

export function openFilesOf({ pid }: Member): number {
  return list(`/proc/${pid}/fd`).length;
}
