/**
 * What the bubblewrap of this machine can do, asked of the program itself: its own list of options, never its version number.
 * An option without which no launch is safe and for which there is no other way makes it unusable; the other two have an equal in the plan.
 * docs/bubblewrap-versions.md says since when each option exists, with its source.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { z } from "zod";
import { readFileIfThere, writeFileAtomic } from "../base/atomicFile.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";

/** Options that the plan can do without: the keeper limits user namespaces itself, and it mounts the shared memory itself. */
const replaceable = ["--disable-userns", "--size"] as const;
export type Lack = (typeof replaceable)[number];

/** Options of the plan that have no equal. */
export const essential = [
  "--unshare-all", "--unshare-user", "--uid", "--gid", "--hostname", "--die-with-parent", "--as-pid-1", "--cap-drop", "--bind", "--ro-bind",
  "--proc", "--dev", "--tmpfs", "--remount-ro", "--chdir", "--seccomp",
] as const;

export interface Features { lacks: Lack[] }

/** The version is asked only where an option is missing: nothing is decided by it except one refusal, and a launch waits for each question. */
export interface Answers { version(): string | undefined; help: string | undefined; setuid: boolean }

const bubblewrap = "/usr/bin/bwrap";
const install = "Install a newer bubblewrap (Debian 11, Ubuntu 22.04 and later carry one).";

/** Pure: from the program's answers to what it can do, or why it is not used. */
export function judgeFeatures(answers: Answers): Outcome<Features> {
  if (answers.help === undefined) return failed("no-containment", `${bubblewrap} does not start.`, "sudo apt-get install -y --reinstall bubblewrap");
  // What makes a setuid bubblewrap worth attacking is mended in 0.11.2 by leaving it out (CVE-2026-41163); we never need it.
  if (answers.setuid) return failed("no-containment", `${bubblewrap} runs with root's rights (set-uid): that is not needed and not used.`, `sudo chmod u-s ${bubblewrap}`);
  const known = new Set(answers.help.match(/--[a-z][a-z0-9-]*/g) ?? []);
  const missing = essential.filter((option) => !known.has(option));
  const lacks = replaceable.filter((option) => !known.has(option));
  if (missing.length === 0 && lacks.length === 0) return done({ lacks });
  const version = parseVersion(answers.version()) ?? "without a version";
  if (missing.length > 0) return failed("no-containment", `bubblewrap ${version} does not know ${missing.join(", ")}.`, install);
  // A hole is not to be seen by asking: 0.4.0 let a setuid bubblewrap keep root's rights (CVE-2020-5291, mended in 0.4.1).
  if (older(version, [0, 4, 1])) return failed("no-containment", `bubblewrap ${version} is too old: before 0.4.1 it had a hole (CVE-2020-5291).`, install);
  return done({ lacks });
}

const remembered = new Map<string, Outcome<Features>>();

/**
 * Asked once for each file that stands there: an upgrade while we run is asked again. With `memory`, a file of ours, a good answer outlives
 * the process: asking costs as much as a launch. A file that stands there anew has another identity or change time, and is asked.
 */
export function readFeatures(memory?: string): Outcome<Features> {
  let stamp: string;
  let setuid: boolean;
  try {
    const { dev, ino, ctimeNs, mode } = statSync(bubblewrap, { bigint: true });
    stamp = [dev, ino, ctimeNs].join(" ");
    setuid = (mode & 0o4000n) !== 0n;
  } catch {
    return failed("no-containment", `${bubblewrap} is missing: without it nothing can be confined.`, "sudo apt-get install -y bubblewrap");
  }
  const known = remembered.get(stamp) ?? recall(memory, stamp);
  if (known) return known;
  const features = judgeFeatures({ version: () => ask("--version"), help: ask("--help"), setuid });
  if (features.ok) remembered.set(stamp, features);
  if (features.ok && memory !== undefined) keep(memory, JSON.stringify({ stamp, lacks: features.value.lacks }));
  return features;
}

const memorySchema = z.object({ stamp: z.string(), lacks: z.array(z.enum(replaceable)) });

function recall(memory: string | undefined, stamp: string): Outcome<Features> | undefined {
  try {
    const read = memory === undefined ? undefined : memorySchema.safeParse(JSON.parse(readFileIfThere(memory) ?? "null"));
    if (!read?.success || read.data.stamp !== stamp) return undefined;
    const features = done({ lacks: read.data.lacks });
    remembered.set(stamp, features);
    return features;
  } catch {
    // Unreadable: it is asked anew.
    return undefined;
  }
}

function keep(memory: string, text: string): void {
  try {
    writeFileAtomic(memory, text);
  } catch {
    // A full disk: the next process asks again.
  }
}

/** Old ones end --help with 1 and some write it to standard error: only the words count. */
function ask(option: string): string | undefined {
  const { stdout, stderr, error } = spawnSync(bubblewrap, [option], { encoding: "utf8", env: {}, cwd: "/", timeout: 5000, stdio: ["ignore", "pipe", "pipe"] });
  const said = `${stdout ?? ""}${stderr ?? ""}`;
  return error || said === "" ? undefined : said;
}

const parseVersion = (said: string | undefined): string | undefined => /(\d+\.\d+(?:\.\d+)?)/.exec(said ?? "")?.[1];

/** As the program itself names it, or undefined where it is not there or does not start. */
export const bubblewrapVersion = (): string | undefined => parseVersion(ask("--version"));

/** What is no version is older than any. */
function older(version: string, least: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, number] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== number) return !(part > number);
  }
  return false;
}
