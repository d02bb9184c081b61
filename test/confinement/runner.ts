/** One launch of the real sandbox, as whoever runs this: the job as JSON in the first argument, the result as one JSON line on standard output. */
import { createSandbox } from "../../main/sandbox/sandbox.ts";
import { sandboxSpecSchema } from "../../protocol/sandboxSpec.ts";
import type { Job, Result } from "./job.ts";

const job = JSON.parse(process.argv[2] ?? "{}") as Job;
const box = createSandbox({ dist: job.dist, node: process.execPath, runDirectory: job.runDirectory, log: () => undefined });
// A pipe takes a long line in pieces: the end waits for the last one.
const say = (result: Result): Promise<void> => new Promise((done) => process.stdout.write(`${JSON.stringify(result)}\n`, () => done()));
const said = { stdout: "", stderr: "" };
const launched = await box.launch(sandboxSpecSchema.parse(job.spec), job.pty ? { kind: "pty", cols: 80, rows: 24, onOutput: (text) => (said.stdout += text) } : { kind: "piped" });
if (!launched.ok) await say({ problem: launched.problem.code, message: launched.problem.message });
else {
  const { streams, exited, stop } = launched.value;
  const closed = streams ? [streams.stdout, streams.stderr].map((stream) => new Promise((resolve) => stream.once("close", resolve))) : [];
  for (const name of ["stdout", "stderr"] as const) streams?.[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  streams?.stdin.end();
  if (job.stopWhen !== undefined) {
    while (!said.stdout.includes(job.stopWhen)) await new Promise((resolve) => setTimeout(resolve, 5));
    if (job.die) process.kill(process.pid, "SIGKILL");
    await stop();
  }
  const end = await exited;
  await Promise.all(closed);
  await say({ ...said, code: end.code, ...(end.signal ? { signal: end.signal } : {}) });
}
process.exit(0);
