/**
 * The processes of one launch on macOS, seen from outside. There is no process namespace: what is known is what was once seen below the first
 * process or in one of its groups. A process is named by its pid and its start, so a pid that somebody else got is never touched.
 */
import { execFile } from "node:child_process";

interface Seen { pid: number; parent: number; group: number; since: string; command: string }

export interface Tree {
  look(): Promise<Seen[]>;
  /** Signals all that is known and alive, each by its own pid; resolves with how many there were. */
  signal(name: NodeJS.Signals): Promise<number>;
}

export function watchTree(first: number): Tree {
  const known = new Map<number, string>();
  const look = async (): Promise<Seen[]> => {
    const all = await listAll();
    const mine = new Set(all.filter(({ pid, since }) => known.get(pid) === since || (pid === first && !known.has(pid))).map(({ pid }) => pid));
    // Groups only of who is alive: a number that is free again may be somebody else's.
    const groups = new Set<number>();
    for (let size = -1; size !== mine.size;) {
      size = mine.size;
      for (const { pid, parent, group } of all) if (mine.has(parent) || groups.has(group)) mine.add(pid);
      for (const { pid, group } of all) if (mine.has(pid)) groups.add(group);
    }
    const found = all.filter(({ pid }) => mine.has(pid));
    for (const { pid, since } of found) known.set(pid, since);
    return found;
  };
  return {
    look,
    async signal(name) {
      const found = await look();
      for (const { pid } of found) {
        try {
          process.kill(pid, name);
        } catch {
          // Gone meanwhile.
        }
      }
      return found.length;
    },
  };
}

const line = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/;

function listAll(): Promise<Seen[]> {
  return new Promise((resolve) => {
    execFile("/bin/ps", ["-axo", "pid=,ppid=,pgid=,stat=,lstart=,command="], { env: { LC_ALL: "C" }, cwd: "/", maxBuffer: 64 << 20 }, (_error, stdout) => {
      resolve(stdout.split("\n").flatMap((text) => {
        const [, pid, parent, group, state = "", since = "", command = ""] = line.exec(text) ?? [];
        // A zombie waits for its parent; no signal reaches it.
        return pid === undefined || state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), group: Number(group), since, command }];
      }));
    });
  });
}

/** All processes of this user. */
export async function countProcesses(): Promise<number> {
  return new Promise((resolve) => {
    execFile("/bin/ps", ["-U", String(process.getuid?.() ?? 0), "-o", "pid="], { env: { LC_ALL: "C" }, cwd: "/", maxBuffer: 16 << 20 }, (_error, stdout) => resolve(stdout.split("\n").length));
  });
}
