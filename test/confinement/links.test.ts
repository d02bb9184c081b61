/** SYM-02, -03, -07, -08, CFG-01, -02, -04, FSR-07, APV-06: what the host itself does with paths, links and repositories of a folder. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { browse, checkFolder, folderFacts, sameFolder } from "../../main/grants/folder.ts";
import { buildParts, makeDesk } from "../changes/makeDesk.ts";
import { bin, makeHome, type Home } from "../journeys/app.ts";
import { temporaryDirectory } from "../temporary.ts";
import { launch, mount, people } from "./person.ts";
import { fingerprint, openTally } from "./world.ts";

const tally = openTally("links and host handling (SYM, CFG)");
beforeAll(buildParts);
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});

test("a path that cannot be resolved is refused, never taken as written, and nothing is made at its end", async () => {
  const root = temporaryDirectory();
  const places = { home: join(root, "home"), own: [join(root, "own")] };
  for (const path of ["home/.ssh", "own", "w/good", "w/closed/in"]) mkdirSync(join(root, path), { recursive: true });
  const at = (path: string): string => join(root, "w", path);
  symlinkSync(at("not-yet"), at("dangling"));
  symlinkSync("loop", at("loop"));
  for (let hop = 0; hop < 45; hop++) symlinkSync(hop === 44 ? "good" : `hop${hop + 1}`, at(`hop${hop}`));
  symlinkSync("../home/.ssh", at("innocent"));
  symlinkSync("/", at("root"));
  symlinkSync("../own", at("ours"));
  mkdirSync(at("line\nbreak"));
  mkdirSync(Buffer.from(`${at("odd")}\xff`, "latin1"));
  mkdirSync(`${at("odd")}\ufffd`);
  symlinkSync(Buffer.from("odd\xff", "latin1"), at("to-odd"));
  const refused = ["dangling", "loop", "hop0", "innocent", "root", "ours", "line\nbreak", "a\0b", `${"x/".repeat(3000)}y`, "n".repeat(300), "missing/x", "good/../../home", "good/../../home/.ssh", "to-odd", "odd\udcff", ""].map((path) => (path === "" ? "" : at(path)));
  for (const path of refused) {
    expect(checkFolder(path, places), path).toMatchObject({ ok: false });
    expect((await folderFacts(path, places)).problem, path).toBeDefined();
  }
  expect(existsSync(at("not-yet"))).toBe(false);
  for (const path of ["dangling", "loop", "hop0", "a\0b", "odd\udcff"]) expect(browse(at(path)).ok, path).toBe(false);
  const good = checkFolder(`${at("closed")}/../good/./`, places);
  expect(good).toMatchObject({ ok: true, value: { path: at("good") } });
  tally.add(refused.length + 5, 1);
});

test("where the parent may not be read or goes away meanwhile, nothing is granted", async () => {
  const root = temporaryDirectory();
  const script = `import { checkFolder } from ${JSON.stringify(resolve(import.meta.dirname, "../../main/grants/folder.ts"))};
    const places = { home: "/nonexistent", own: [] };
    const said = [checkFolder("${root}/w/closed/in", places).ok];
    process.stdout.write(JSON.stringify(said));`;
  mkdirSync(join(root, "w/closed/in"), { recursive: true });
  chmodSync(root, 0o755);
  chmodSync(join(root, "w/closed"), 0o000);
  const person = crowd.people.at(-1);
  if (!person) throw new Error("nobody");
  const words = [...person.as, person.node, "--input-type=module", "-e", script.replace(resolve(import.meta.dirname, "../.."), person.program)];
  execFileSync("/bin/cp", ["-r", resolve(import.meta.dirname, "../../main/grants"), join(person.program, "main/")]);
  execFileSync("/bin/chmod", ["-R", "a+rX", person.program]);
  expect(execFileSync(words[0] ?? "", words.slice(1), { encoding: "utf8" })).toBe("[false]");
  chmodSync(join(root, "w/closed"), 0o700);
  const racer = spawn("/bin/sh", ["-c", `cd ${root}/w; while :; do mv closed gone; ln -s /etc closed; rm closed; mv gone closed; done`], { stdio: "ignore" });
  const places = { home: "/nonexistent", own: [] };
  const results = Array.from({ length: 3000 }, () => checkFolder(join(root, "w/closed/in"), places));
  racer.kill("SIGKILL");
  expect(results.filter((one) => one.ok && !one.value.path.startsWith(root))).toEqual([]);
  tally.add(2, 1);
});

test("a folder that was replaced since is another one: for the sandbox, for staged changes, for any spelling", async () => {
  const person = crowd.people[0];
  if (!person) throw new Error("nobody");
  for (const target of ["/", "/etc", "parent", "sibling", "same name", "bind of commondir"]) {
    const desk = makeDesk((folder) => writeFileSync(join(folder, "a"), "a"));
    const granted = mount(desk.folder, "read");
    await desk.agent("echo more >> a; ln -s /etc/passwd l");
    renameSync(desk.folder, `${desk.folder}.old`);
    if (target === "same name") mkdirSync(desk.folder);
    else if (target === "bind of commondir") {
      mkdirSync(join(desk.folder, ".git"), { recursive: true });
      writeFileSync(join(desk.folder, ".git/commondir"), `${desk.folder}.old/.git\n`);
    } else symlinkSync(target === "parent" ? ".." : target === "sibling" ? "files.old" : target, desk.folder);
    expect(sameFolder(granted), target).toBe(false);
    expect(await launch(person, "cat a", { spec: { folders: [granted] } }), target).toMatchObject({ problem: expect.any(String) as string });
    for (const verb of ["list", "apply", "discard"] as const) expect(await desk.changes[verb]("c"), `${target} ${verb}`).toMatchObject({ ok: false, problem: { code: "refused-folder" } });
  }
  tally.add(6 * 5, 6);
}, 60_000);

test("a link planted where the host writes is replaced or refused, never written through", async () => {
  const desk = makeDesk((folder) => writeFileSync(join(folder, "a"), "a"));
  const victim = join(desk.base, "victim");
  writeFileSync(victim, "safe");
  symlinkSync(victim, `${desk.upper}.seen.json`);
  await desk.agent("echo more >> a");
  expect(await desk.list()).toEqual(["edited a"]);
  expect(lstatSync(`${desk.upper}.seen.json`).isFile()).toBe(true);
  mkdirSync(join(desk.base, "kept/set"), { recursive: true });
  symlinkSync(victim, join(desk.base, "kept/set/journal.jsonl"));
  expect(await desk.changes.apply("c")).toMatchObject({ ok: false });
  expect([readFileSync(victim, "utf8"), readFileSync(join(desk.folder, "a"), "utf8")]).toEqual(["safe", "a"]);
  tally.add(2, 1);
}, 60_000);

const command = (home: Home, words: string[]): { code: number; stdout: string } => {
  try {
    return { code: 0, stdout: execFileSync(process.execPath, [bin, ...words], { env: home.environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }) };
  } catch (error) {
    const failed = error as { status: number; stdout: string };
    return { code: failed.status, stdout: failed.stdout };
  }
};

test("no program named by a repository's config runs, whatever the host does with the folder; and a link to a key is never read", () => {
  const home = makeHome();
  const canary = `canary-${process.pid}-${Math.random().toString(36).slice(2)}`;
  mkdirSync(join(home.path, "home/.ssh"));
  writeFileSync(join(home.path, "home/.ssh/id_rsa"), canary);
  const marker = join(home.path, "marker");
  const touch = `touch ${marker}`;
  const keys = ["core.fsmonitor", "core.hooksPath", "core.pager", "pager.status", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy", "core.alternateRefsCommand", "credential.helper", "diff.external", "diff.x.textconv", "filter.x.clean", "filter.x.smudge", "filter.x.process", "merge.x.driver", "gpg.program", "alias.status", "include.path", "uploadpack.packObjectsHook"];
  const folder = join(home.path, "work/repo");
  execFileSync("/usr/bin/git", ["init", "-q", folder]);
  for (const key of keys) execFileSync("/usr/bin/git", ["-C", folder, "config", key, key.startsWith("alias") ? `!${touch}` : touch]);
  writeFileSync(join(folder, ".git/hooks/post-checkout"), `#!/bin/sh\n${touch}\n`, { mode: 0o755 });
  writeFileSync(join(folder, ".gitattributes"), "* filter=x diff=x merge=x\n");
  for (const name of [".envrc", ".vscode/tasks.json", ".claude/settings.json", "package.json", "Makefile"]) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), touch);
  }
  for (const name of ["AGENTS.md", "CLAUDE.md", "notes.md"]) symlinkSync(join(home.path, "home/.ssh/id_rsa"), join(folder, name));
  const before = fingerprint(folder);
  const ran = command(home, ["run", "--json", "--folder", `${folder}:edit`, "list then read AGENTS.md then read CLAUDE.md then read notes.md then find canary then write fine.md: x"]);
  const conversation = (JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "{}") as { conversation?: string }).conversation ?? "";
  expect(conversation).toMatch(/^[a-z0-9]{12}$/);
  expect(fingerprint(folder)).toBe(before);
  for (const words of [["changes", "list", conversation], ["changes", "apply", conversation], ["sandbox", "--folder", `${folder}:edit`, "--conversation", conversation, "--", "true"], ["changes", "discard", conversation], ["activity", "--json"]]) command(home, words);
  expect(readFileSync(join(folder, "fine.md"), "utf8").trim()).toBe("x");
  expect(existsSync(marker)).toBe(false);
  const stored = execFileSync("/bin/sh", ["-c", `grep -rlaF ${canary} data state config run work || true`], { cwd: home.path, encoding: "utf8" });
  expect([ran.stdout.includes(canary), stored]).toEqual([false, ""]);
  command(home, ["conversation", "delete", conversation]);
  expect(readdirSync(join(home.path, "data/bulkhead/conversations"))).toEqual([]);
  // The control: the person's own git obeys that very config, and the link does lead to the key.
  execFileSync("/bin/sh", ["-c", "git status >/dev/null 2>&1; cat AGENTS.md | grep -c canary"], { cwd: folder, env: { PATH: "/usr/bin:/bin", HOME: join(home.path, "home") } });
  expect(existsSync(marker)).toBe(true);
  home.remove();
  tally.add(keys.length + 6 + 3, 2);
}, 120_000);
