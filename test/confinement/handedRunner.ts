/** One launch of the real sandbox with the caller's own streams, as the command line makes it: the job as JSON in the first argument. */
import { createSandbox } from "../../main/sandbox/sandbox.ts";
import { sandboxSpecSchema } from "../../protocol/sandboxSpec.ts";
import type { Job } from "./job.ts";

const job = JSON.parse(process.argv[2] ?? "{}") as Job;
const box = createSandbox({ dist: job.dist, node: process.execPath, runDirectory: job.runDirectory, log: () => undefined });
const launched = await box.launch(sandboxSpecSchema.parse(job.spec), { kind: "handed" });
if (!launched.ok) throw new Error(launched.problem.message);
const end = await launched.value.exited;
process.exit(end.code ?? 1);
