/** The real way: a real sandbox writes into a real overlay, the real contained worker lists, applies and discards. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { hashFolder } from "../journeys/folder.ts";
import { buildParts, makeDesk } from "./makeDesk.ts";

beforeAll(buildParts);

const fill = (folder: string): void => {
  mkdirSync(join(folder, "Drafts"));
  for (const name of ["a.txt", "b.txt", "c.txt", "Drafts/d.md", "Drafts/e.md"]) writeFileSync(join(folder, name), `content of ${name}\n`);
};

test("edits, creations, deletions and renames are listed as such; the original is untouched", async () => {
  const desk = makeDesk(fill);
  const before = hashFolder(desk.folder);
  await desk.agent("echo more >> a.txt; rm b.txt; mv c.txt moved.txt; mv Drafts Archive; echo new > new.txt; mkdir empty; touch Archive/x");
  expect(await desk.list()).toEqual(["renamed Drafts/d.md→ Archive/d.md", "renamed Drafts/e.md→ Archive/e.md", "created Archive/x", "deleted Drafts", "edited a.txt", "deleted b.txt", "created empty", "renamed c.txt→ moved.txt", "created new.txt"]);
  expect(hashFolder(desk.folder)).toBe(before);
}, 60_000);

test("applying some leaves the rest staged; applying the rest empties the layer; pre-images are kept", async () => {
  const desk = makeDesk(fill);
  await desk.agent("echo more >> a.txt; rm b.txt; mv Drafts Archive");
  const some = await desk.changes.apply("c", [join(desk.folder, "a.txt"), "b.txt"]);
  expect(some).toMatchObject({ ok: true, value: { applied: [join(desk.folder, "a.txt"), join(desk.folder, "b.txt")], refused: [] } });
  expect(readFileSync(join(desk.folder, "a.txt"), "utf8")).toBe("content of a.txt\nmore\n");
  expect(readFileSync(join(desk.base, "kept/set/1"), "utf8")).toBe("content of a.txt\n");
  expect(existsSync(join(desk.folder, "Drafts/d.md"))).toBe(true);
  await desk.changes.apply("c");
  expect(readdirSync(desk.folder).sort()).toEqual(["Archive", "a.txt", "c.txt"]);
  expect(await desk.list()).toEqual([]);
  expect(readdirSync(desk.upper)).toEqual([]);
}, 60_000);

test("discarding leaves the folder as it was, byte for byte", async () => {
  const desk = makeDesk(fill);
  const before = hashFolder(desk.folder);
  await desk.agent("rm -rf Drafts; mkdir Drafts; echo x > Drafts/new; echo more >> a.txt; chmod 000 a.txt; mkdir -p locked/in; chmod 000 locked");
  expect(await desk.list()).toContain("deleted Drafts/d.md");
  await desk.changes.discard("c", ["Drafts/new"]);
  expect(await desk.list()).not.toContain("created Drafts/new");
  await desk.changes.discard("c");
  expect(await desk.list()).toEqual([]);
  expect(hashFolder(desk.folder)).toBe(before);
}, 60_000);

test("a folder deleted and made anew hides what was in it", async () => {
  const desk = makeDesk(fill);
  await desk.agent("rm -rf Drafts; mkdir Drafts; echo x > Drafts/new");
  expect(await desk.list()).toEqual(["deleted Drafts/d.md", "deleted Drafts/e.md", "created Drafts/new"]);
  await desk.changes.apply("c");
  expect(readdirSync(join(desk.folder, "Drafts"))).toEqual(["new"]);
}, 60_000);

test("what the person changed meanwhile is never overwritten", async () => {
  const desk = makeDesk(fill);
  await desk.agent("echo agent >> a.txt; rm b.txt; echo agent > new.txt");
  for (const name of ["a.txt", "b.txt", "new.txt"]) {
    writeFileSync(join(desk.folder, name), "mine\n");
    utimesSync(join(desk.folder, name), new Date(), new Date(Date.now() + 2000));
  }
  const report = await desk.changes.apply("c");
  expect(report).toMatchObject({ ok: true, value: { applied: [] } });
  if (report.ok) expect(report.value.refused.map((one) => one.reason.split(":")[0])).toEqual(["conflict", "conflict", "conflict"]);
  for (const name of ["a.txt", "b.txt", "new.txt"]) expect(readFileSync(join(desk.folder, name), "utf8")).toBe("mine\n");
}, 60_000);

test("a deletion is refused where the person's file is newer, also when more was deleted afterwards or a whole folder", async () => {
  const desk = makeDesk(fill);
  await desk.agent("rm -rf Drafts b.txt; sleep 1; rm c.txt");
  writeFileSync(join(desk.folder, "Drafts/mine.md"), "mine");
  writeFileSync(join(desk.folder, "b.txt"), "mine");
  utimesSync(join(desk.folder, "b.txt"), new Date(0), new Date(0));
  const report = await desk.changes.apply("c");
  expect(report.ok && report.value.refused.map((one) => one.path.slice(desk.folder.length + 1)).sort()).toEqual(["Drafts", "Drafts/mine.md", "b.txt"]);
  expect(readdirSync(join(desk.folder, "Drafts"))).toEqual(["mine.md"]);
  expect(readFileSync(join(desk.folder, "b.txt"), "utf8")).toBe("mine");
}, 60_000);

test("an edit between two turns is noticed although the agent wrote last", async () => {
  const desk = makeDesk(fill);
  await desk.agent("echo one > n; mv n a.txt");
  await desk.list();
  writeFileSync(join(desk.folder, "a.txt"), "mine");
  await desk.agent("echo two > n; mv n a.txt");
  await desk.list();
  expect(await desk.changes.apply("c")).toMatchObject({ ok: true, value: { applied: [], refused: [{ reason: "conflict: you changed it since the agent did" }] } });
  await desk.changes.discard("c");
  await desk.agent("echo three > n; mv n a.txt");
  expect(await desk.changes.apply("c")).toMatchObject({ ok: true, value: { refused: [] } });
  await desk.agent("echo four > n; mv n a.txt");
  expect(await desk.changes.apply("c")).toMatchObject({ ok: true, value: { refused: [] } });
  expect(readFileSync(join(desk.folder, "a.txt"), "utf8")).toBe("four\n");
}, 60_000);

test("two replacements in one turn do not hide what the person wrote between them", async () => {
  const desk = makeDesk(fill);
  await desk.list();
  await desk.agent("echo one > n; mv n a.txt");
  writeFileSync(join(desk.folder, "a.txt"), "mine");
  await desk.agent("echo two > n; mv n a.txt");
  await desk.list();
  expect(await desk.changes.apply("c")).toMatchObject({ ok: true, value: { applied: [], refused: [{ reason: "conflict: you changed it since the agent did" }] } });
  expect(readFileSync(join(desk.folder, "a.txt"), "utf8")).toBe("mine");
}, 60_000);

test.each([["deleted", "rm -rf Drafts"], ["made anew", "rm -rf Drafts; mkdir Drafts"]])("old files that the person moves into a folder that the agent has %s stay", async (_, script) => {
  const desk = makeDesk(fill);
  const old = join(desk.base, "old");
  mkdirSync(join(old, "year"), { recursive: true });
  writeFileSync(join(old, "year/letter"), "mine");
  utimesSync(join(old, "year/letter"), new Date(0), new Date(0));
  await new Promise((done) => setTimeout(done, 100));
  await desk.list();
  await desk.agent(script);
  await desk.list();
  renameSync(old, join(desk.folder, "Drafts/old"));
  await desk.list();
  const report = await desk.changes.apply("c");
  expect(report.ok && report.value.applied.map((path) => path.slice(desk.folder.length + 1)).sort()).toEqual(["Drafts/d.md", "Drafts/e.md"]);
  expect(readFileSync(join(desk.folder, "Drafts/old/year/letter"), "utf8")).toBe("mine");
}, 60_000);

test("a deletion is no conflict because another one came before the person's edit", async () => {
  const desk = makeDesk(fill);
  await desk.list();
  await desk.agent("rm c.txt & rm -f nothing; wait; sleep 1; rm b.txt");
  await desk.list();
  writeFileSync(join(desk.folder, "a.txt"), "mine, before the next turn");
  await new Promise((done) => setTimeout(done, 100));
  await desk.list();
  await desk.agent("rm a.txt");
  await desk.list();
  expect(await desk.changes.apply("c")).toMatchObject({ ok: true, value: { refused: [] } });
  expect(readdirSync(desk.folder)).toEqual(["Drafts"]);
}, 60_000);

test("a file takes a folder's place, a folder a file's, and new folders keep their rights", async () => {
  const desk = makeDesk(fill);
  await desk.agent("rm -rf Drafts; echo file > Drafts; rm a.txt; mkdir a.txt; echo in > a.txt/in; mkdir private; chmod 700 private; echo x > private/x");
  expect(await desk.changes.apply("c")).toMatchObject({ ok: true, value: { refused: [] } });
  expect(readFileSync(join(desk.folder, "Drafts"), "utf8")).toBe("file\n");
  expect(readFileSync(join(desk.folder, "a.txt/in"), "utf8")).toBe("in\n");
  expect(statSync(join(desk.folder, "private")).mode & 0o777).toBe(0o700);
  expect(await desk.list()).toEqual([]);
}, 60_000);

test("a folder made into a repository by its contents, a pointer to one, and a chain of links out stay staged", async () => {
  const desk = makeDesk(fill);
  await desk.agent("echo 'ref: refs/heads/main' > HEAD; mkdir -p objects refs hooks sub; touch objects/x refs/x; echo '[core]' > config; echo x > hooks/pre-commit; echo 'gitdir: ../x' > sub/.git; mkdir -p d1/d2; ln -s ../.. d1/d2/up; ln -s d1/d2/up/../x chain");
  const report = await desk.changes.apply("c");
  expect(report.ok && report.value.refused.map((one) => one.path.slice(desk.folder.length + 1)).sort()).toEqual(["HEAD", "chain", "config", "hooks/pre-commit", "objects/x", "refs/x", "sub/.git"]);
}, 60_000);

test("links, set-uid bits, pipes and protected names do not reach the folder; the rest does", async () => {
  const desk = makeDesk(fill);
  const victim = join(desk.base, "victim");
  mkdirSync(victim);
  writeFileSync(join(victim, "zshrc"), "safe");
  await desk.agent(`ln -s ${victim}/zshrc notes.md; ln -s ../../victim out; ln -s a.txt inside; mkfifo pipe; cp /bin/true tool; chmod 6755 tool; mkdir -p .vscode .git/hooks deep/.GIT; echo x > .vscode/tasks.json; echo x > .git/hooks/pre-commit; echo x > .git/hooks/a.sample; printf '[core]\\n\\tbare = false\\n\\tfsmonitor = touch /tmp/pwn\\n' > .git/config; echo x > deep/.GIT/config; echo fine > fine.txt`);
  const report = await desk.changes.apply("c");
  if (!report.ok) throw new Error(report.problem.message);
  expect(report.value.applied.map((path) => path.slice(desk.folder.length + 1)).sort()).toEqual([".git/config", "fine.txt", "inside", "tool"]);
  expect(report.value.refused.map((one) => one.path.slice(desk.folder.length + 1)).sort()).toEqual([".git/hooks/pre-commit", ".vscode/tasks.json", "deep/.GIT/config", "notes.md", "out", "pipe"]);
  expect(statSync(join(desk.folder, "tool")).mode & 0o7777).toBe(0o755);
  expect(readFileSync(join(desk.folder, ".git/config"), "utf8")).toBe("[core]\n\tbare = false\n");
  expect(readFileSync(join(victim, "zshrc"), "utf8")).toBe("safe");
}, 60_000);

test("a link that somebody planted in the original on the way is not followed", async () => {
  const desk = makeDesk(fill);
  const victim = join(desk.base, "victim");
  mkdirSync(victim);
  await desk.agent("mkdir sub; echo x > sub/file");
  symlinkSync(victim, join(desk.folder, "sub"));
  const report = await desk.changes.apply("c");
  expect(report).toMatchObject({ ok: true, value: { applied: [] } });
  expect(readdirSync(victim)).toEqual([]);
}, 60_000);

test("ten thousand files, Chinese names and a very deep tree are listed", async () => {
  const desk = makeDesk(fill);
  await desk.agent("mkdir n; for i in $(seq 10000); do : > n/$i; done; echo x > 发票.txt; p=deep; for i in $(seq 400); do mkdir $p; cd $p; p=d; done");
  const listed = await desk.list();
  expect(listed.length).toBeGreaterThanOrEqual(10_002);
  expect(listed).toContain("created 发票.txt");
  expect(listed.some((line) => line.startsWith("created deep/") && line.endsWith("!"))).toBe(true);
}, 120_000);
