/** One launch of a plan with fences taken out, to see each of the others hold alone: the job as JSON in the first argument, the result as one JSON line. */
import { readHost } from "../../main/sandbox/host.ts";
import { runLauncher } from "../../main/sandbox/launcher.ts";
import { planLaunch, planMessage } from "../../main/sandbox/plan.ts";
import { sandboxSpecSchema, type SandboxSpec } from "../../protocol/sandboxSpec.ts";

export interface AlteredJob {
  dist: string;
  runDirectory: string;
  spec: Partial<SandboxSpec>;
  /** The filter becomes one that allows everything. */
  withoutFilter?: boolean;
  /** bubblewrap's options that are left out, each with its values. */
  withoutOptions?: string[][];
  /** The keeper's steps that are left out, by their first word. */
  withoutSteps?: string[];
  /** Host places that are bound in as they are. */
  show?: string[];
  /** bubblewrap's words in the place of others. */
  instead?: [old: string[], words: string[]][];
  /** The launcher's own variables are handed on. */
  variables?: boolean;
}

const job = JSON.parse(process.argv[2] ?? "{}") as AlteredJob;
const host = readHost({ dist: job.dist, node: process.execPath, runDirectory: job.runDirectory });
if (!host.ok) throw new Error(host.problem.message);
const plan = planLaunch(sandboxSpecSchema.parse(job.spec), host.value.facts);
for (const words of job.withoutOptions ?? []) {
  const at = plan.argv.findIndex((_, index) => words.every((word, offset) => plan.argv[index + offset] === word));
  if (at < 0) throw new Error(`the plan has no ${words.join(" ")}`);
  plan.argv.splice(at, words.length);
}
for (const step of job.withoutSteps ?? []) {
  const at = plan.mounts.findIndex(([word]) => word === step);
  if (at < 0) throw new Error(`the plan has no step ${step}`);
  plan.mounts.splice(at, 1);
}
for (const path of job.show ?? []) plan.mounts.push(["read", path, path, "-", "-"]);
for (const [old, words] of job.instead ?? []) {
  const at = plan.argv.findIndex((_, index) => old.every((word, offset) => plan.argv[index + offset] === word));
  if (at < 0) throw new Error(`the plan has no ${old.join(" ")}`);
  plan.argv.splice(at, old.length, ...words);
}
if (job.variables) {
  const own = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  const at = plan.init.indexOf("environment");
  plan.init.splice(at + 1, 1, String(Number(plan.init[at + 1]) + own.length), ...own);
}
// BPF: return SECCOMP_RET_ALLOW.
const filter = job.withoutFilter ? Buffer.from([0x06, 0, 0, 0, 0, 0, 0xff, 0x7f]) : host.value.filter;
const launched = await runLauncher({ launcher: host.value.facts.launcher.path, message: planMessage(plan, filter), stdio: ["pipe", "pipe", "pipe"], onStopped: () => undefined });
if (!launched.ok) throw new Error(launched.problem.message);
const { streams, ended } = launched.value;
const said = { stdout: "", stderr: "" };
const closed = (["stdout", "stderr"] as const).map((name) => new Promise((resolve) => streams?.[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text)).once("close", resolve)));
streams?.stdin.end();
const end = await ended;
await Promise.all(closed);
process.stdout.write(`${JSON.stringify({ ...said, code: end.code, ...(end.signal ? { signal: end.signal } : {}) })}\n`, () => process.exit(0));
