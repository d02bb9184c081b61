/** One whole job in a process of its own, so that a test can run it as another user: node oneJob.ts DIRECTORY DIST SCRIPT [FILL]. FILL is a script of the person's own, run in the folder before. Prints what each step said. */
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createChanges } from "../../main/changes/changes.ts";
import { sameFolder } from "../../main/grants/folder.ts";
import { createSandbox } from "../../main/sandbox/sandbox.ts";
import type { Grant } from "../../protocol/grant.ts";
import { sandboxSpecSchema } from "../../protocol/sandboxSpec.ts";

const [base = "", dist = "", script = "", fill = ""] = process.argv.slice(2);
const [folder, upper, work, run, kept] = ["files", "upper", "work", "run", "kept"].map((name) => `${base}/${name}`) as [string, string, string, string, string];
for (const path of [folder, upper, work, run, kept]) mkdirSync(path, { mode: 0o700 });
for (const name of ["a", "b", "c"]) writeFileSync(`${folder}/${name}`, `${name}\n`);
execFileSync("/bin/bash", ["-ec", fill], { cwd: folder });
const found = lstatSync(folder, { bigint: true });
const identity = { device: found.dev.toString(), inode: found.ino.toString() };
const grant: Grant = { id: "g", path: folder, access: "edit", lasting: "conversation", ...identity };
const sandbox = createSandbox({ dist, node: process.execPath, runDirectory: run, log: () => undefined });
const changes = createChanges({ launchWorker: sandbox.launchWorker, layers: () => [{ grant, upper, work }], sameFolder, newId: () => "set", kept: () => kept, record: (draft) => draft as never });

let said = "";
const box = await sandbox.launch(
  sandboxSpecSchema.parse({ command: ["sh", "-c", `${script}\necho FINISHED`], folders: [{ path: folder, access: "edit", ...identity, upper, work }] }),
  { kind: "pty", cols: 80, rows: 24, onOutput: (text) => (said += text) },
);
if (!box.ok) throw new Error(box.problem.message);
await box.value.exited;
const listed = await changes.list("c");
const applied = await changes.apply("c");
const text = readFileSync(`${folder}/a`, "utf8");
const discarded = await changes.discard("c");
process.stdout.write(JSON.stringify({
  uid: process.getuid?.(), said, text, left: readdirSync(upper), names: readdirSync(folder),
  listed: listed.ok ? listed.value.map((one) => `${one.change} ${one.path.slice(folder.length + 1)}${one.protectedBy ? " !" : one.runs ? " ~" : ""}`) : listed,
  applied: applied.ok ? applied.value.applied.map((path) => path.slice(folder.length + 1)) : applied,
  refused: applied.ok ? applied.value.refused.map((one) => one.path.slice(folder.length + 1)) : applied,
  discarded: discarded.ok,
}));
process.exit();
