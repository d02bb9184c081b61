/** The door as a program: its own process, its streams and exit codes. The powers behind it answer what the command line says. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const door = fileURLToPath(new URL("./door.ts", import.meta.url));
const cache = mkdtempSync(join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));
const id = "abcdef012345";

function run(words: string[], o: { answers?: object; input?: string } = {}): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [door, ...words], { env: { ANSWERS: JSON.stringify(o.answers ?? {}), NODE_COMPILE_CACHE: cache }, stdio: "pipe" });
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (err += data.toString()));
    child.stdin.on("error", () => undefined).end(o.input ?? "");
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

const change = { grant: "g", path: "/w/a\u001b[31m.md", change: "created", kind: "file", bytes: 3 };

test.each([
  [["sandbox", "ls"], 2], [["run", "--folder", "/a:add", "t"], 2],
])("%j is one prefixed line on standard error, and no power is made", async (words, code) => {
  const ran = await run(words, { answers: { forbidden: true } });
  expect(ran).toEqual({ code, out: "", err: expect.stringMatching(/^bulkhead: [^\n]+\n$/) });
});

test("--help and --version answer without any power", async () => {
  expect(await run(["--version"], { answers: { forbidden: true } })).toEqual({ code: 0, out: "bulkhead 0.1.0\n", err: "" });
  const help = await run(["--help"], { answers: { forbidden: true } });
  for (const word of ["run", "sandbox", "doctor", "prove", "changes", "activity", "secret", "conversation", "--folder", "--allow", "--env", "--secret", "--seconds", "--model", "--review"]) expect(help.out).toContain(word);
});

test.each([0, 124, 143])("sandbox keeps the code %i; what it has to say goes to standard error", async (code) => {
  expect(await run(["sandbox", "--", "x"], { answers: { sandbox: { code, message: "why", conversation: id, staged: 2 } } })).toEqual({
    code, out: "", err: `bulkhead: why\nbulkhead: conversation ${id}, 2 staged changes: bulkhead changes list ${id}\n`,
  });
});

test("sandbox says nothing where nothing is staged, and --explain prints JSON", async () => {
  expect(await run(["sandbox", "--", "x"], { answers: { sandbox: { code: 0, conversation: id, staged: 0 } } })).toEqual({ code: 0, out: "", err: "" });
  const explained = await run(["sandbox", "--explain", "--", "x"], { answers: { sandbox: { code: 0, explain: { argv: ["bwrap"] } } } });
  expect({ ...explained, out: JSON.parse(explained.out) as unknown }).toEqual({ code: 0, out: { argv: ["bwrap"] }, err: "" });
});

test("run --json prints JSON lines only, the result last; without it a person reads text", async () => {
  const result = { kind: "result", outcome: "settled", conversation: id, text: "two\u001b[2J\nlines", staged: [change] };
  const json = await run(["run", "--json", "t"], { answers: { run: { code: 0, result } } });
  expect({ code: json.code, err: json.err, lines: json.out.trimEnd().split("\n").map((line) => (JSON.parse(line) as { kind: string }).kind) })
    .toEqual({ code: 0, err: "", lines: ["turn.started", "result"] });
  const text = await run(["run", "t"], { answers: { run: { code: 1, result, message: "the model failed" } } });
  expect(text.code).toBe(1);
  expect(text.out).not.toContain("\u001b");
  expect(text.err).toBe(`bulkhead: the model failed\nbulkhead: conversation ${id}, 1 staged change\n`);
});

test("doctor: 1 where a check failed, with its mend", async () => {
  const checks = [{ name: "sandbox", ok: true, why: "works" }, { name: "keychain", ok: false, why: "absent", mend: "sudo apt-get install gnome-keyring" }];
  const text = await run(["doctor"], { answers: { doctor: checks } });
  expect(text).toEqual({ code: 1, out: "ok     sandbox: works\nFAILED keychain: absent\n       sudo apt-get install gnome-keyring\n", err: "" });
  const json = await run(["doctor", "--json"], { answers: { doctor: checks.slice(0, 1) } });
  expect({ code: json.code, out: JSON.parse(json.out) as unknown }).toEqual({ code: 0, out: { checks: checks.slice(0, 1) } });
});

test("prove: a line each with what was tried and found; 0 only where all held, 1 where a line did not or nothing could be confined", async () => {
  const line = { id: "home", title: "your home: not there", tried: "a file\u001b[2J", inside: "none is there", control: "opened", verdict: "held", ok: true };
  const proof = {
    version: 1, date: "2026-01-01T10:00:00.000Z", machine: { kernel: "6.18.0", architecture: "x64", bubblewrap: "0.8.0", root: false, launcher: "a".repeat(64), filter: "b".repeat(64) }, spec: "c".repeat(64),
    desk: { folders: [], sites: [] }, ms: 300, lines: [line], summary: { ok: true, held: 1, open: 0, notProved: 0 },
  };
  const well = await run(["prove"], { answers: { proof } });
  expect([well.code, well.err, well.out.includes("\u001b"), /^ok +your home: not there · tried: a file.* · inside: none is there · outside: opened$/m.test(well.out)]).toEqual([0, "", false, true]);
  const json = await run(["prove", "--json"], { answers: { proof } });
  expect([json.code, JSON.parse(json.out)]).toEqual([0, proof]);
  const open = { ...proof, lines: [{ ...line, title: "your home: there", verdict: "open", ok: false }, { ...line, verdict: "not-proved", ok: false }], summary: { ok: false, held: 0, open: 1, notProved: 1 } };
  const bad = await run(["prove"], { answers: { proof: open } });
  expect([bad.code, /^OPEN +your home: there/m.test(bad.out), /^NOT PROVED/m.test(bad.out)]).toEqual([1, true, true]);
  expect(await run(["prove"])).toEqual({ code: 1, out: "", err: "bulkhead: It cannot be confined here.\n" });
});

test("changes: listed with names made harmless, a refused one is named and the code is 1", async () => {
  const listed = await run(["changes", "list", id], { answers: { list: [change] } });
  expect(listed.code).toBe(0);
  expect(listed.out).not.toContain("\u001b");
  expect(JSON.parse((await run(["changes", "list", id, "--json"], { answers: { list: [change] } })).out)).toEqual([change]);
  expect((await run(["changes", "list", id, "other.md"], { answers: { list: [change] } })).out).toBe("");
  const report = { applied: ["/w/b"], refused: [{ path: "/w/c", reason: "it changed meanwhile" }] };
  expect(await run(["changes", "apply", id], { answers: { report } })).toEqual({ code: 1, out: "applied   /w/b\n", err: "bulkhead: left staged: /w/c: it changed meanwhile\n" });
  expect(await run(["changes", "discard", id, "/w/b"], { answers: { report: { applied: ["/w/b"], refused: [] } } })).toEqual({ code: 0, out: "discarded /w/b\n", err: "" });
  expect((await run(["changes", "list", id])).code).toBe(1);
});

test("activity: text, JSON Lines, CSV without formulas, and the verified chain", async () => {
  expect((await run(["activity"])).out).toMatch(/^10:00:00 ● message\.sent /);
  expect((await run(["activity", "--json", "--conversation", id])).out.trimEnd().split("\n").map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([1]);
  const csv = (await run(["activity", "--csv"], { answers: { actor: "=1+1" } })).out.split("\n");
  expect([csv[0]?.split(",").length, csv[1]?.includes(",'=1+1,")]).toEqual([11, true]);
  expect(await run(["activity", "--verify"], { answers: { verified: { ok: false, message: "event 3 was changed" } } })).toEqual({ code: 1, out: "event 3 was changed\n", err: "" });
  expect((await run(["activity", "--verify"], { answers: { verified: { ok: true, message: "whole" } } })).code).toBe(0);
});

test("secret set takes one line from standard input and never prints it", async () => {
  const kept = await run(["secret", "set", "anthropic"], { input: "sk-TOP\n" });
  expect(kept).toEqual({ code: 0, out: "", err: "kept anthropic, 6 characters\n" });
  for (const input of ["", "\n", "two\nlines\n", "nul\0"]) expect(await run(["secret", "set", "anthropic"], { input })).toMatchObject({ code: 2, out: "" });
  for (const state of ["locked", "absent"]) expect(await run(["secret", "set", "anthropic"], { input: "sk-TOP\n", answers: { state } })).toEqual({ code: 1, out: "", err: expect.stringMatching(/^bulkhead: (?!.*sk-TOP).*keychain.*\n$/) });
  expect((await run(["secret", "list"])).out).toBe("anthropic\n");
  expect(await run(["secret", "remove", "other"])).toEqual({ code: 1, out: "", err: expect.stringMatching(/^bulkhead: .*\n$/) });
});

test("conversation: listed, deleted, and an unknown one is named", async () => {
  expect((await run(["conversation", "list"])).out).toBe(`${id}  2026-01-01T10:00  a title\n`);
  expect((await run(["conversation", "delete", id])).code).toBe(0);
  expect((await run(["conversation", "delete", "zzzzzzzzzzzz"])).code).toBe(1);
});

test("a power that breaks is one line and 1; a full disk says so", async () => {
  expect(await run(["doctor"], { answers: { breaks: "EIO" } })).toEqual({ code: 1, out: "", err: "bulkhead: it broke: EIO\n" });
  expect((await run(["doctor"], { answers: { breaks: "ENOSPC" } })).err).toMatch(/^bulkhead: the disk is full/);
});

test("a reader that goes away ends the command quietly", async () => {
  const child = spawn("sh", ["-c", `"$0" "$1" activity --json | head -n 1`, process.execPath, door], { env: { PATH: process.env["PATH"], ANSWERS: JSON.stringify({ events: 50_000 }) }, stdio: ["ignore", "pipe", "pipe"] });
  let err = "";
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  child.stdout.resume();
  await new Promise((resolve) => child.once("close", resolve));
  expect(err).toBe("");
});
