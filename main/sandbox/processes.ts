/** The sandbox's processes as the host sees them: everything below its process 1. Whoever loses his parent inside becomes a child of process 1. */
import { readdirSync, readFileSync } from "node:fs";

/** A tree that forks faster than it is read has no end: the reading has one. */
export function listProcesses(init: number, most = 10_000): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  const waiting = children(init);
  for (let pid = waiting.pop(); pid !== undefined && found.length <= most; pid = waiting.pop()) {
    const command = commandOf(pid);
    if (command !== undefined) found.push({ pid, command });
    waiting.push(...children(pid));
  }
  return found.sort((a, b) => a.pid - b.pid);
}

export function children(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").flatMap((text) => (text === "" ? [] : [Number(text)])));
  } catch {
    // Ended while we looked.
    return [];
  }
}

function commandOf(pid: number): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0+$/, "").replaceAll("\0", " ");
    return words === "" ? `[${readFileSync(`/proc/${pid}/comm`, "utf8").trim()}]` : words;
  } catch {
    return undefined;
  }
}
