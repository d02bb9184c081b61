/** A launch with fences taken out of its plan, to see the others hold alone. Throws unless it started. */
import { join } from "node:path";
import type { AlteredJob } from "./altered.ts";
import { outside, ownDirectory, type Finished, type Person } from "./person.ts";

export type Fences = Pick<AlteredJob, "withoutFilter" | "withoutOptions" | "withoutSteps" | "show" | "instead" | "variables">;

/** All namespaces but one: that one is the host's. */
export const hostsOwn = (kept: "net" | "ipc"): [string[], string[]] => [["--unshare-all", "--unshare-user"], ["user", "ipc", "pid", "net", "uts", "cgroup-try"].filter((one) => one !== kept).map((one) => `--unshare-${one}`)];

export async function withoutFences(person: Person, script: string, { before = [], env = {}, ...change }: Fences & { before?: string[]; env?: NodeJS.ProcessEnv }): Promise<Finished> {
  const job: AlteredJob = { dist: join(person.program, "dist"), runDirectory: ownDirectory(person), spec: { command: ["/bin/bash", "-c", `echo STARTED\n${script}`] }, ...change };
  const ran = await outside(person, [person.node, join(person.program, "test/confinement/altered.ts"), JSON.stringify(job)], { before, env });
  const result = JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "") as Finished;
  if (!result.stdout.startsWith("STARTED\n")) throw new Error(`not started: ${ran.stdout}${ran.stderr}`);
  return { ...result, stdout: result.stdout.slice("STARTED\n".length) };
}
