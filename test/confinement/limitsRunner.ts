/** One launch with its limits watched from outside: what was reached, the tier, how far memory and disk went, and what a host process got meanwhile. */
import { readFileSync, statfsSync } from "node:fs";
import { createSandbox } from "../../main/sandbox/sandbox.ts";
import { sandboxSpecSchema, type SandboxSpec } from "../../protocol/sandboxSpec.ts";
import type { LimitHit } from "../../protocol/event.ts";

/** `steps`, in order, once the script has said UP: pause, resume, stop, die, a number of milliseconds to wait, or `said`, which notes the output's length. */
export interface LimitJob { dist: string; runDirectory: string; spec: Partial<SandboxSpec>; asks?: boolean; steps?: (string | number)[] }
export interface LimitResult { stdout: string; code: number | null; signal?: string; tier: string; hits: LimitHit[]; hit?: LimitHit; said: number[]; memoryPeak: number; diskPeak: number; hostAlone: number; hostCores: number }

const job = JSON.parse(process.argv[2] ?? "{}") as LimitJob;
const box = createSandbox({ dist: job.dist, node: process.execPath, runDirectory: job.runDirectory, log: (message, cause) => process.stderr.write(`${message} ${String(cause ?? "")}\n`) });
const available = (): number => 1024 * Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
const disk = (): number => { const { bsize, bfree } = statfsSync(job.runDirectory); return bfree * bsize; };
const begin = { memory: available(), disk: disk() };
const peak = { memory: 0, disk: 0 };
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const hits: LimitHit[] = [];
const said: number[] = [];
let stdout = "";
/** The cores that this process gets while it wants one. */
function spin(): number {
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  while (performance.now() - from < 1000) continue;
  return (process.cpuUsage(cpu).user + process.cpuUsage(cpu).system) / 1e3 / (performance.now() - from);
}
const hostAlone = job.steps?.includes("spin") ? spin() : 0;
const launched = await box.launch(sandboxSpecSchema.parse(job.spec), { kind: "piped" }, { asks: job.asks === true, onLimit: (hit) => void hits.push(hit) });
if (!launched.ok) throw new Error(launched.problem.message);
const { exited, streams, limits } = launched.value;
streams?.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
streams?.stderr.setEncoding("utf8").on("data", (text: string) => process.stderr.write(text));
const sampling = setInterval(() => {
  peak.memory = Math.max(peak.memory, begin.memory - available());
  peak.disk = Math.max(peak.disk, begin.disk - disk());
}, 5);
let over = false;
let hostCores = 0;
void exited.then(() => (over = true));
while (!stdout.includes("UP\n") && !over) await after(5);
for (const step of job.steps ?? []) {
  if (over) break;
  if (typeof step === "number") await after(step);
  else if (step === "said") said.push(stdout.length);
  else if (step === "spin") hostCores = spin();
  else if (step === "die") process.kill(process.pid, "SIGKILL");
  else await launched.value[step as "pause" | "resume" | "stop"]();
}
const end = await exited;
clearInterval(sampling);
const result: LimitResult = { stdout, code: end.code, ...(end.signal ? { signal: end.signal } : {}), tier: limits, hits, ...(end.hit ? { hit: end.hit } : {}), said, memoryPeak: peak.memory, diskPeak: peak.disk, hostAlone, hostCores };
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
