/** What launches could leave behind, as the host sees it. */
import { readdirSync, readFileSync } from "node:fs";

/** Parent of every process of this machine. */
function parents(): Map<number, number> {
  return new Map(readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      return [[Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])] as const];
    } catch {
      return [];
    }
  }));
}

/** A process and everything below it. */
export function sandboxTrees(root: number): number[] {
  const all = parents();
  const below = (pid: number): number[] => [...all].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...below(child)]);
  return [root, ...below(root)];
}

export const belowUs = (): number[] => sandboxTrees(process.pid).slice(1);

export interface Traces { descriptors: number; processes: number; mounts: number; files: string[] }

export function tracesOf(runDirectory: string): Traces {
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    processes: belowUs().length,
    mounts: readFileSync("/proc/self/mountinfo", "utf8").split("\n").length,
    files: readdirSync(runDirectory, { recursive: true, encoding: "utf8" }).filter((name) => name !== "root").sort(),
  };
}
