/** Files that are no ordinary files: whatever the agent leaves, the host lists, applies, discards and deletes it to the end, and takes no name for another. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeTree } from "../../main/base/removeTree.ts";
import { visible } from "../../main/base/visible.ts";
import { createConversations } from "../../main/conversation/conversations.ts";
import { buildParts, makeDesk } from "../changes/makeDesk.ts";
import { temporaryDirectory } from "../temporary.ts";
import { fingerprint, openTally } from "./world.ts";

const tally = openTally("special files (FSW, SYM-07)");
beforeAll(buildParts);
afterAll(tally.print);

const python = (code: string): string => `python3 - <<'PYTHON'\nimport os, socket\n${code}\nPYTHON`;
const deep = python('for i in range(10000):\n    os.mkdir("d"); os.chdir("d")\nopen("f", "w").write("x")');
const long = python('for i in range(40):\n    os.mkdir("n" * 255); os.chdir("n" * 255)\nopen("f", "w").write("x")');
const closed = python('os.makedirs("closed/in"); open("closed/in/f", "w").write("x"); os.chmod("closed/in", 0); os.chmod("closed", 0)');
/** As large as the sandbox lets a file be. */
const hollow = (name: string): string => `for size in 1T 64G 8G 1G; do truncate -s $size ${name} 2>/dev/null && break; done`;
const bytes = (path: string): Buffer => Buffer.from(path, "latin1");

interface Case { name: string; script: string; listed: number; /** What stands in the folder after applying, besides «keep». */ applied: string[] }
const cases: Case[] = [
  { name: "a FIFO", script: "mkfifo p; mkdir q; mkfifo q/p", listed: 2, applied: [] },
  { name: "a socket", script: python('socket.socket(socket.AF_UNIX).bind("s")'), listed: 1, applied: [] },
  { name: "files that claim up to 1 TB and hold nothing", script: `mkdir .git; ${["big", ".npmrc", ".git/config"].map(hollow).join("; ")}`, listed: 3, applied: [] },
  { name: "the person's file grown so", script: hollow("keep"), listed: 1, applied: [] },
  { name: "a tree 10,000 deep", script: deep, listed: 1, applied: [] },
  { name: "a path longer than any system call takes", script: long, listed: 1, applied: [] },
  { name: "folders without any right", script: closed, listed: 1, applied: [] },
  { name: "names with line breaks, escapes and reversed text", script: python('for n in ("a\\nb", "\\x1b[2J", "\\u202efdp.exe", "-rf", "$(x)", " ", "..a", "\\r", "__proto__", "constructor"):\n    open(n, "w").write("x")'), listed: 10, applied: ["\u001b[2J", "\r", " ", "$(x)", "-rf", "..a", "__proto__", "a\nb", "constructor", "\u202efdp.exe"] },
  { name: "names of 255 bytes", script: python('open("n" * 255, "w").write("x"); open("发" * 85, "w").write("x")'), listed: 2, applied: ["n".repeat(255), "发".repeat(85)] },
  { name: "names that are no text", script: python('for n in (b"a\\xff", b"a\\xfe", b"\\xed\\xa0\\x80", b"\\xc0\\xaf"):\n    open(n, "w").write("x")\nos.mkdir(b"d\\xff"); open(b"d\\xff/in", "w").write("x"); os.symlink("/etc", b"l\\xff")'), listed: 6, applied: [] },
  { name: "a device", script: "mknod dev c 1 3 2>/dev/null; mknod z c 0 0 2>/dev/null; echo x > fine", listed: 1, applied: ["fine"] },
  { name: "many links", script: python('for i in range(200):\n    os.symlink("l%d" % (i + 1), "l%d" % i)\nos.symlink("loop", "loop")'), listed: 201, applied: ["loop", ...Array.from({ length: 200 }, (_, at) => `l${at}`)] },
];

test.each(cases)("$name: listed, applied, discarded, each to its end", async ({ script, listed, applied }) => {
  const desk = makeDesk((folder) => writeFileSync(join(folder, "keep"), "keep"));
  await desk.agent(script);
  const found = await desk.list();
  expect(found.map((line) => visible(line, 100))).toHaveLength(listed);
  const report = await desk.changes.apply("c");
  expect(report.ok && report.value.refused).toHaveLength(listed - applied.length);
  expect(readdirSync(desk.folder).sort()).toEqual(["keep", ...applied].sort());
  expect(readFileSync(join(desk.folder, "keep"), "utf8")).toBe("keep");
  // The overlay's own folder has no rights: only root looks into it.
  const places = [...readdirSync(desk.base).filter((name) => name !== "stage").map((name) => join(desk.base, name)), desk.upper];
  // Into a folder without rights du cannot look as a plain user; what it sums is still told.
  const total = spawnSync("/usr/bin/du", ["-skc", ...places], { encoding: "utf8" }).stdout.trim().split("\n").at(-1) ?? "";
  expect(total).toMatch(/^[1-9]\d*\ttotal$/);
  expect(Number(total.split("\t")[0])).toBeLessThan(200_000);
  expect(await desk.changes.discard("c")).toMatchObject({ ok: true });
  expect([await desk.list(), readdirSync(desk.upper)]).toEqual([[], []]);
  tally.add(3, 1);
  tally.addBenign(applied.length);
}, 120_000);

test("one file that is chosen from such names, and no other, is discarded", async () => {
  const desk = makeDesk(() => undefined);
  await desk.agent(python('for n in (b"a\\xff", b"a\\xfe", "a\\ufffd".encode(), b"a\\\\xff"):\n    open(n, "wb").write(n)'));
  const listed = await desk.changes.list("c");
  const odd = listed.ok ? listed.value.filter((one) => one.protectedBy !== undefined) : [];
  expect(odd.map((one) => visible(one.path.slice(desk.folder.length + 1)))).toEqual(["a\\u{dcfe}", "a\\u{dcff}"]);
  await desk.changes.discard("c", [odd[1]?.path ?? ""]);
  expect(readdirSync(desk.upper, "buffer").map((name) => name.toString("hex")).sort()).toEqual([Buffer.from("a\ufffd"), bytes("a\xfe"), Buffer.from("a\\xff")].map((name) => name.toString("hex")).sort());
  tally.add(1, 1);
}, 60_000);

test("the person's own files with such names are neither changed nor taken for others", async () => {
  const desk = makeDesk((folder) => {
    for (const name of ["a\xff", "b\xff", "c\xff/in"]) {
      if (name.includes("/")) mkdirSync(bytes(`${folder}/c\xff`));
      writeFileSync(bytes(`${folder}/${name}`), "mine");
    }
    mkdirSync(join(folder, "line\nbreak"));
    writeFileSync(join(folder, "line\nbreak/old"), "mine");
  });
  const before = fingerprintBytes(desk.folder);
  await desk.agent(python('open(b"a\\xff", "w").write("evil")\nos.remove(b"b\\xff")\nopen("a\\ufffd", "w").write("decoy")\nopen("b\\ufffd", "w").write("decoy")\nopen(b"c\\xff/in", "w").write("evil")'));
  expect((await desk.changes.apply("c")).ok).toBe(true);
  expect(readFileSync(join(desk.folder, "a\ufffd"), "utf8")).toBe("decoy");
  execFileSync("/bin/rm", [join(desk.folder, "a\ufffd"), join(desk.folder, "b\ufffd")]);
  expect(fingerprintBytes(desk.folder)).toBe(before);
  await desk.changes.discard("c");
  await desk.agent(python('import shutil; shutil.rmtree("line\\nbreak"); os.mkdir("line\\nbreak"); open("line\\nbreak/new", "w").write("new")'));
  expect((await desk.list()).sort()).toEqual(["created line\nbreak/new", "deleted line\nbreak/old"]);
  await desk.changes.apply("c");
  expect(readdirSync(join(desk.folder, "line\nbreak"))).toEqual(["new"]);
  tally.add(5, 3);
}, 60_000);

function fingerprintBytes(folder: string): string {
  return execFileSync("/bin/sh", ["-c", "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -z | sha256sum"], { cwd: folder, encoding: "utf8" });
}

test("a hundred and fifty thousand empty files are listed in part, said so, and discarded", async () => {
  const desk = makeDesk(() => undefined);
  await desk.agent(python('os.mkdir("n")\nfor i in range(150000):\n    os.close(os.open("n/%d" % i, os.O_CREAT | os.O_WRONLY))'));
  const listed = await desk.list();
  expect([listed.length, listed.filter((line) => line.endsWith("!")).length]).toEqual([100_001, 1]);
  expect(await desk.changes.discard("c")).toMatchObject({ ok: true });
  expect(readdirSync(desk.upper)).toEqual([]);
  tally.add(1, 1);
}, 180_000);

test("a conversation with all of this in its layer is deleted whole, and nothing beside it", async () => {
  const desk = makeDesk(() => undefined);
  await desk.agent([...cases.map(({ script }, at) => `mkdir c${at}; (cd c${at}; touch keep; ${script}\n)`), "ln -s /etc etc; chmod 000 ."].join("\n"));
  const directory = temporaryDirectory();
  const conversations = createConversations({ directory, now: () => new Date() });
  const one = conversations.create({ model: "practice" });
  const beside = conversations.create({ model: "practice" });
  conversations.layer(one.id, "abcdefabcdef");
  const place = join(directory, one.id, "staging");
  removeTree(place);
  execFileSync("/bin/mv", [join(desk.base, "stage"), place]);
  const before = [fingerprint(desk.folder), fingerprint(join(directory, beside.id)), statSync("/etc/passwd").mtimeMs];
  expect(conversations.remove(one.id)).toMatchObject({ ok: true });
  expect([existsSync(join(directory, one.id)), fingerprint(desk.folder), fingerprint(join(directory, beside.id)), statSync("/etc/passwd").mtimeMs]).toEqual([false, ...before]);
  tally.add(cases.length + 2, 1);
}, 120_000);
