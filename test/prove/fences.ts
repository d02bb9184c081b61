/** Each fence of a launch, and how a test takes it away: the same plan with one thing changed. The product has no such way. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../../main/sandbox/plan.ts";
import type { ProofLineId } from "../../protocol/proof.ts";

export interface Ground { home: string; data: string; state: string; runtime: string }
export interface Built { plan: Plan; filter: Buffer }
export interface Fence {
  name: string;
  /** The lines that must turn, and no other. */
  turns: ProofLineId[];
  /** The broker lets everything through. */
  openBroker?: boolean;
  remove(built: Built, ground: Ground): Built;
}

const allowAll = Buffer.from([0x06, 0, 0, 0, 0, 0, 0xff, 0x7f]);

const mounts = (change: (steps: string[][], ground: Ground) => string[][]) => ({ plan, filter }: Built, ground: Ground): Built => ({ plan: { ...plan, mounts: change(plan.mounts, ground) }, filter });
const argv = (change: (words: string[]) => string[]) => ({ plan, filter }: Built): Built => ({ plan: { ...plan, argv: change(plan.argv) }, filter });
const init = (change: (words: string[]) => string[]) => ({ plan, filter }: Built): Built => ({ plan: { ...plan, init: change(plan.init) }, filter });

const shown = (path: string): string[] => ["read", path, path, "-", "-"];
/** Below the granted folders. */
function added(steps: string[][], ...more: string[][]): string[][] {
  const at = steps.findIndex(([op]) => op === "show" || op === "edit");
  return steps.toSpliced(at, 0, ...more);
}
/** Words in the place of other words; throws where they are not there, so that no test passes on an unchanged plan. */
function put(words: string[], old: string[], instead: string[]): string[] {
  const at = words.findIndex((_, index) => old.every((word, offset) => word === "*" || words[index + offset] === word));
  if (at < 0) throw new Error(`${old.join(" ")} is not in the plan`);
  return words.toSpliced(at, old.length, ...instead);
}
function step(steps: string[][], fits: (step: string[]) => boolean, instead: (step: string[]) => string[][]): string[][] {
  if (!steps.some(fits)) throw new Error("no such step in the plan");
  return steps.flatMap((one) => (fits(one) ? instead(one) : [one]));
}
const planted = (runtime: string, name: string): string => join(runtime, readdirSync(runtime).find((one) => one.startsWith("p-")) ?? "", name);
const shared = (kept: string): string[] => ["user", "ipc", "pid", "net", "uts", "cgroup-try"].filter((one) => one !== kept).map((one) => `--unshare-${one}`);
const filterCalls: ProofLineId[] = ["terminal", "mounts", "memory", "kernel-calls"];
const withoutUserns = (built: Built): Built => ({
  filter: allowAll,
  plan: { ...built.plan, argv: built.plan.argv.filter((word) => word !== "--disable-userns"), mounts: built.plan.mounts.filter(([op]) => op !== "namespaces") },
});

export const fences: Fence[] = [
  { name: "the home is bound", turns: ["home", "own"], remove: mounts((steps, { home }) => added(steps, shown(home))) },
  { name: "one key store is bound", turns: ["home"], remove: mounts((steps, { home }) => added(steps, shown(`${home}/.ssh`))) },
  { name: "our state directory is bound", turns: ["home"], remove: mounts((steps, { state }) => added(steps, shown(state))) },
  { name: "our data directory is bound", turns: ["home", "own"], remove: mounts((steps, { data }) => added(steps, shown(data))) },
  { name: "the list of accounts is the host's", turns: ["people"], remove: mounts((steps) => step(steps, (one) => one[1] === "/etc/passwd", () => [shown("/etc/passwd")])) },
  { name: "the administrator's home is there", turns: ["people"], remove: mounts((steps) => added(steps, ["file", "/root/notes", "x"])) },
  { name: "/tmp is the host's", turns: ["temporary"], remove: mounts((steps) => step(steps, (one) => one[0] === "tmpfs" && one[1] === "/tmp", () => [["write", "/tmp", "/tmp", "-", "-"]])) },
  { name: "/dev/shm is the host's", turns: ["temporary"], remove: argv((words) => put(words, ["--size", "*", "--tmpfs", "/dev/shm"], ["--bind", "/dev/shm", "/dev/shm"])) },
  { name: "a directory of /run is there", turns: ["run"], remove: mounts((steps) => added(steps, shown("/run/lock"))) },
  { name: "the place of the session's bus is bound", turns: ["keychain"], remove: mounts((steps, { runtime }) => added(steps, shown(planted(runtime, "bus")))) },
  { name: "the place of the session's sockets is bound", turns: ["sockets"], remove: mounts((steps, { runtime }) => added(steps, shown(planted(runtime, "socket")))) },
  { name: "the network is the host's", turns: ["network"], remove: argv((words) => put(words, ["--unshare-all", "--unshare-user"], shared("net"))) },
  { name: "the broker lets everything through", turns: ["broker"], openBroker: true, remove: (built) => built },
  { name: "/proc is the host's", turns: ["processes"], remove: argv((words) => put(words, ["--proc", "/proc"], ["--ro-bind", "/proc", "/proc"])) },
  { name: "shared memory is the host's", turns: ["shared-memory"], remove: argv((words) => put(words, ["--unshare-all", "--unshare-user"], shared("ipc"))) },
  {
    name: "the app's variables are passed on", turns: ["environment"],
    remove: init((words) => {
      const variables = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
      const at = words.indexOf("environment");
      return [...words.slice(0, at + 1), String(Number(words[at + 1]) + variables.length), ...variables, ...words.slice(at + 2)];
    }),
  },
  { name: "a descriptor is inherited", turns: ["descriptors"], remove: init((words) => put(words, ["command", "2", "/run/bulkhead/init", "probe"], ["command", "3", "/bin/sh", "-c", "exec 5</etc/passwd; exec /run/bulkhead/init probe"])) },
  { name: "the filter lets everything through", turns: filterCalls, remove: ({ plan }) => ({ plan, filter: allowAll }) },
  { name: "no filter, and nested namespaces", turns: [...filterCalls, "namespaces"], remove: withoutUserns },
  { name: "the kernel's settings are writable", turns: ["kernel-settings"], remove: argv((words) => put(words, ["--remount-ro", "/proc"], [])) },
  { name: "one capability is left", turns: ["rights"], remove: argv((words) => put(words, ["--cap-drop", "ALL"], ["--cap-drop", "ALL", "--cap-add", "CAP_NET_RAW"])) },
  { name: "one more device", turns: ["devices"], remove: argv((words) => put(words, ["--dev", "/dev"], ["--dev", "/dev", "--dev-bind", "/dev/zero", "/dev/disk"])) },
  { name: "twice as many open files", turns: ["limits"], remove: init((words) => put(words, ["files", "*"], ["files", String(2 * Number(words[words.indexOf("files") + 1]))])) },
  { name: "a folder for reading is bound for writing", turns: ["read-folders"], remove: mounts((steps) => step(steps, (one) => one[0] === "show", ([, ...rest]) => [["write", ...rest]])) },
  { name: "a folder for editing is bound as it is", turns: ["edit-folders"], remove: mounts((steps) => step(steps, (one) => one[0] === "edit", (one) => [["write", ...one.slice(1, 5)]])) },
];
