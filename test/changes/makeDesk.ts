/** A folder on a desk with its staging layer: `agent` runs a script in the real sandbox, `changes` is the real room over the real contained worker. */
import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildNative } from "../../build/native.mjs";
import { buildWorker } from "../../build/worker.mjs";
import { createChanges, type Changes } from "../../main/changes/changes.ts";
import { sameFolder } from "../../main/grants/folder.ts";
import { createSandbox } from "../../main/sandbox/sandbox.ts";
import type { EventDraft } from "../../protocol/event.ts";
import type { Grant } from "../../protocol/grant.ts";
import { sandboxSpecSchema } from "../../protocol/sandboxSpec.ts";
import { temporaryDirectory } from "../temporary.ts";

const root = new URL("../..", import.meta.url).pathname;
const dist = join(root, "dist");
export async function buildParts(): Promise<void> {
  buildNative({ root, dist, log: () => undefined });
  await buildWorker({ root, dist });
}

export interface Desk { folder: string; upper: string; changes: Changes; events: EventDraft[]; agent(script: string): Promise<void>; list(): Promise<string[]>; base: string }

export function makeDesk(fill: (folder: string) => void): Desk {
  const base = temporaryDirectory();
  const [folder, upper, work, run] = ["work/files", "stage/upper", "stage/work", "run"].map((path) => join(base, path)) as [string, string, string, string];
  for (const path of [folder, upper, work, run]) mkdirSync(path, { recursive: true, mode: 0o700 });
  fill(folder);
  const found = lstatSync(folder, { bigint: true });
  const identity = { device: found.dev.toString(), inode: found.ino.toString() };
  const grant: Grant = { id: "g", path: folder, access: "edit", lasting: "conversation", ...identity };
  const sandbox = createSandbox({ dist, node: process.execPath, runDirectory: run, log: () => undefined });
  const events: EventDraft[] = [];
  const changes = createChanges({
    launchWorker: sandbox.launchWorker, layers: () => [{ grant, upper, work }], sameFolder, newId: () => "set",
    kept: (set) => { mkdirSync(join(base, "kept", set), { recursive: true }); return join(base, "kept", set); },
    record: (draft) => { events.push(draft); return draft as never; },
  });
  return {
    folder, upper, changes, events, base,
    async agent(script) {
      let out = "";
      const spec = sandboxSpecSchema.parse({ command: ["sh", "-c", `echo STARTED; ${script}\necho FINISHED`], folders: [{ path: folder, access: "edit", ...identity, upper, work }] });
      const box = await sandbox.launch(spec, { kind: "pty", cols: 80, rows: 24, onOutput: (text) => (out += text) });
      if (!box.ok) throw new Error(box.problem.message);
      await box.value.exited;
      if (!out.includes("STARTED") || !out.includes("FINISHED")) throw new Error(`the agent's script did not run: ${out}`);
    },
    async list() {
      const listed = await changes.list("c");
      if (!listed.ok) throw new Error(listed.problem.message);
      return listed.value.map((one) => [one.change, one.from ? `${one.from.slice(folder.length + 1)}→` : "", one.path.slice(folder.length + 1), one.protectedBy ? " !" : ""].join(" ").replace(/ +/g, " ").trim());
    },
  };
}
