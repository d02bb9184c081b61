/** The real sandbox for tests: built launcher and filters, a run directory of its own, and a way to run one command to its end. */
import { mkdirSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { SandboxEnd } from "../../main/sandbox/running.ts";
import { createSandbox, type Sandbox } from "../../main/sandbox/sandbox.ts";
import { sandboxSpecSchema, type FolderMount, type SandboxSpec } from "../../protocol/sandboxSpec.ts";

export const root = resolve(import.meta.dirname, "../..");
export const dist = join(root, "dist");
export const scratch = (): string => mkdtempSync(join(tmpdir(), "bulkhead-test-"));
export const specOf = (spec: Partial<SandboxSpec>): SandboxSpec => sandboxSpecSchema.parse({ command: ["true"], ...spec });
export const shell = (script: string, spec: Partial<SandboxSpec> = {}): SandboxSpec => specOf({ ...spec, command: ["bash", "-c", script] });

export async function openBox(from = dist, runDirectory = scratch()): Promise<Sandbox> {
  const name = "../../build/native.mjs";
  const { buildNative } = (await import(name)) as { buildNative(o: { root: string; dist: string; log(m: string): void }): void };
  if (from === dist) buildNative({ root, dist, log: () => undefined });
  return createSandbox({ dist: from, node: process.execPath, runDirectory, log: () => undefined });
}

export interface Ran extends SandboxEnd { stdout: string; stderr: string }

export async function run(box: Sandbox, spec: SandboxSpec): Promise<Ran> {
  const launched = await box.launch(spec, { kind: "piped" });
  if (!launched.ok) throw new Error(`${launched.problem.message} ${launched.problem.mend ?? ""}`);
  const { streams, exited } = launched.value;
  if (!streams) throw new Error("no streams");
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) streams[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  streams.stdin.end();
  const closed = Promise.all([streams.stdout, streams.stderr].map((stream) => new Promise((done) => stream.once("close", done))));
  const end = await exited;
  await closed;
  return { ...end, ...said };
}

export function folder(path: string, access: "read" | "edit", staging?: string): FolderMount {
  const { dev, ino } = statSync(path, { bigint: true });
  const mount = { path, access, device: String(dev), inode: String(ino) };
  if (!staging) return mount;
  const [upper, work] = [join(staging, "upper"), join(staging, "work")];
  mkdirSync(upper, { recursive: true });
  mkdirSync(work, { recursive: true });
  return { ...mount, upper, work };
}
