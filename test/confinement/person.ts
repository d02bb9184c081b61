/**
 * Who tries to get out: whoever runs the tests, and as root also a plain user made for it, with a readable copy of the program and of Node.
 * `inside` runs a script in the real sandbox and throws unless it started: what never ran was not stopped.
 */
import { execFileSync, spawn } from "node:child_process";
import { removeTree } from "../../main/base/removeTree.ts";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { FolderMount, SandboxSpec } from "../../protocol/sandboxSpec.ts";
import type { Job, Result } from "./job.ts";

const root = resolve(import.meta.dirname, "../..");
const user = "bulkhead-tests";

export interface Person { name: string; uid: number; gid: number; program: string; node: string; as: string[]; /** Directories to remove in the end. */ made: string[] }
export interface Finished { stdout: string; stderr: string; code: number | null; signal?: string }

for (const tool of ["/usr/bin/bwrap", "/usr/bin/python3", "/usr/bin/curl", "/usr/bin/git", "/usr/bin/setpriv", "/usr/bin/unshare", "/usr/bin/ipcmk"]) {
  if (!existsSync(tool)) throw new Error(`${tool} is missing: without it these tests would say nothing`);
}

async function copyProgram(): Promise<string> {
  const name = "../../build/native.mjs";
  const { buildNative } = (await import(name)) as { buildNative(o: { root: string; dist: string; log(m: string): void }): void };
  buildNative({ root, dist: join(root, "dist"), log: () => undefined });
  const program = mkdtempSync(join(tmpdir(), "bulkhead-program-"));
  chmodSync(program, 0o755);
  const parts = ["package.json", "main/sandbox", "main/base", "protocol", "test/confinement", "dist/launcher", "dist/seccomp", "dist/hashes.json", "node_modules/zod", "node_modules/node-pty/package.json", "node_modules/node-pty/lib", "node_modules/node-pty/build/Release"];
  for (const part of parts) cpSync(join(root, part), join(program, part), { recursive: true, dereference: true });
  cpSync(realpathSync(process.execPath), join(program, "node"));
  mkdirSync(join(program, "dist/agent"));
  execFileSync("/bin/chmod", ["-R", "a+rX", program]);
  return program;
}

/** Root is also tried as a plain user; a plain user only as what it is. */
export async function people(): Promise<{ people: Person[]; remove(): void }> {
  const program = await copyProgram();
  const made = [program];
  const base = { program, node: join(program, "node"), made };
  const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const remove = (): void => made.forEach(removeTree);
  const here = (people: Person[]): { people: Person[]; remove(): void } => {
    for (const person of people) {
      mkdirSync(compiled(person));
      give(person, compiled(person));
    }
    return { people, remove };
  };
  if (me.uid !== 0) return here([{ ...base, ...me, name: "a plain user", as: [] }]);
  const number = (flag: string): number => Number(execFileSync("/usr/bin/id", [flag, user], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  try {
    number("-u");
  } catch {
    try {
      execFileSync("/usr/sbin/useradd", ["--system", "--no-create-home", "--shell", "/bin/sh", user]);
    } catch {
      // A file that runs beside this one was quicker; who is there is asked below.
    }
  }
  const [uid, gid] = [number("-u"), number("-g")];
  const as = ["/usr/bin/setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
  return here([{ ...base, ...me, name: "root", as: [] }, { ...base, uid, gid, name: "a plain user", as }]);
}

/** Half of a runner's time is the reading of its sources: each person keeps what was compiled. */
const compiled = (person: Person): string => join(person.program, `compiled-${person.uid}`);

/** A directory of this person's own; gone at the end of the file at the latest. */
export function ownDirectory(person: Person): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "bulkhead-world-")));
  person.made.push(path);
  give(person, path);
  return path;
}

export const give = (person: Person, path: string): void => void execFileSync("/bin/chown", ["-R", `${person.uid}:${person.gid}`, path]);

export interface Options { spec?: Partial<SandboxSpec>; env?: NodeJS.ProcessEnv; cwd?: string; dist?: string; pty?: boolean; stopWhen?: string; die?: boolean; before?: string[] }

/** The raw launch: also for launches that must be refused. */
export async function launch(person: Person, script: string, options: Options = {}): Promise<Result | undefined> {
  const runDirectory = ownDirectory(person);
  const job: Job = {
    dist: options.dist ?? join(person.program, "dist"), runDirectory, spec: { command: ["/bin/bash", "-c", `echo STARTED\n${script}`], ...options.spec },
    ...(options.pty ? { pty: true } : {}), ...(options.stopWhen === undefined ? {} : { stopWhen: options.stopWhen }), ...(options.die ? { die: true } : {}),
  };
  const said = await outside(person, [person.node, join(person.program, "test/confinement/runner.ts"), JSON.stringify(job)], options);
  removeTree(runDirectory);
  const line = said.stdout.trim().split("\n").at(-1) ?? "";
  if (options.die) return undefined;
  if (!line.startsWith("{")) throw new Error(`the runner said nothing: ${said.stderr}`);
  return JSON.parse(line) as Result;
}

export async function inside(person: Person, script: string, options: Options = {}): Promise<Finished> {
  const result = await launch(person, script, options);
  if (!result || "problem" in result) throw new Error(`not launched: ${JSON.stringify(result)}`);
  if (!/^STARTED\r?\n/.test(result.stdout)) throw new Error(`not started: ${JSON.stringify(result)}`);
  return { ...result, stdout: result.stdout.replace(/^STARTED\r?\n/, "") };
}

/** The control: the same person without a sandbox. */
export function outside(person: Person, command: string[], options: Pick<Options, "env" | "cwd" | "before"> = {}): Promise<Finished> {
  const [program = "", ...rest] = [...(options.before ?? []), ...person.as, ...command];
  const cache = command[0] === person.node ? { NODE_COMPILE_CACHE: compiled(person) } : {};
  const child = spawn(program, rest, { cwd: options.cwd ?? "/", env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: "/nonexistent", ...cache, ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => done({ ...said, code, ...(signal ? { signal } : {}) }));
  });
}

export function mount(path: string, access: "read" | "edit", layer?: string): FolderMount {
  const { dev, ino } = statSync(path, { bigint: true });
  return { path, access, device: String(dev), inode: String(ino), ...(layer ? { upper: join(layer, "upper"), work: join(layer, "work") } : {}) };
}
