/** The real sandbox and plain processes, for figures: each run is awaited to its very end. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Running } from "../../main/sandbox/running.ts";
import { createSandbox, type Sandbox } from "../../main/sandbox/sandbox.ts";
import { sandboxSpecSchema, type FolderMount, type SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { root } from "../journeys/app.ts";

/** What one raw bubblewrap does to run a program: the reference of every launch. */
export const rawBubblewrap = ["--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "/usr/bin/true"];

export function run(command: string, args: string[], environment: NodeJS.ProcessEnv = { PATH: process.env["PATH"] }): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: environment, stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`${command} ended with ${code}`))));
  });
}

export const openBox = (place: string): Sandbox => createSandbox({ dist: join(root, "dist"), node: process.execPath, runDirectory: place, log: () => undefined });

/** On a terminal of its own, as the agent runs. */
export async function start(sandbox: Sandbox, spec: Partial<SandboxSpec>, onOutput: (text: string) => void = () => undefined): Promise<Running> {
  const box = await sandbox.launch(sandboxSpecSchema.parse({ command: ["true"], ...spec }), { kind: "pty", cols: 80, rows: 24, onOutput });
  if (!box.ok) throw new Error(`${box.problem.message} ${box.problem.mend ?? ""}`);
  return box.value;
}

export async function launch(sandbox: Sandbox, spec: Partial<SandboxSpec>): Promise<string> {
  let out = "";
  const box = await start(sandbox, spec, (text) => (out += text));
  const end = await box.exited;
  if (end.code !== 0) throw new Error(`ended with ${end.code}: ${out}`);
  return out;
}

/** Folders for one conversation, to be read or, with a staging layer each, edited. */
export function folders(place: string, count: number, access: "read" | "edit" = "read"): FolderMount[] {
  const base = mkdtempSync(join(place, "folders-"));
  return Array.from({ length: count }, (_, index) => {
    const [path, upper, work] = [`folder${index}`, `upper${index}`, `work${index}`].map((name) => join(base, name)) as [string, string, string];
    for (const one of [path, upper, work]) mkdirSync(one);
    const { dev, ino } = statSync(path, { bigint: true });
    return { path, access, device: String(dev), inode: String(ino), ...(access === "edit" ? { upper, work } : {}) };
  });
}
