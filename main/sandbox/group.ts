/**
 * The limit on processes for those who start Bulkhead as root: the kernel does not hold root to RLIMIT_NPROC, so a control group does.
 * Both layouts (v1's pids hierarchy, v2). For everybody else the limit inside the sandbox's own user namespace is enough.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ProcessGroup {
  /** The file that the keeper joins by; absent where no group is needed or can be had. */
  join?: string;
  remove(): Promise<void>;
}

/** bubblewrap's own two processes count too. */
const ours = 2;

export function openProcessGroup(o: { name: string; processes: number; log(message: string, cause?: unknown): void }): ProcessGroup {
  if (process.getuid?.() !== 0) return { remove: async () => undefined };
  const parent = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].find((path) => existsSync(join(path, "cgroup.procs")));
  if (!parent) return { remove: async () => undefined };
  const group = join(parent, `bulkhead-${process.pid}-${o.name}`);
  try {
    sweep(parent);
    if (existsSync(join(parent, "cgroup.subtree_control"))) writeFileSync(join(parent, "cgroup.subtree_control"), "+pids");
    mkdirSync(group);
    writeFileSync(join(group, "pids.max"), String(o.processes + ours));
  } catch (error) {
    o.log("no control group for the limit on processes", error);
    return { remove: () => removeGroup(group) };
  }
  return { join: join(group, "cgroup.procs"), remove: () => removeGroup(group) };
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
