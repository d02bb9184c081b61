/** The command line as a script uses it: the same main job, its streams, exit codes and refusals. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeHome, runBin, type Home } from "./app.ts";
import { fillFolder, hashFolder } from "./folder.ts";

let home: Home;
let folder: string;
beforeAll(() => {
  home = makeHome();
  folder = join(home.path, "work", "files");
});
afterAll(() => home.remove());

const lines = (out: string): { kind: string; [name: string]: unknown }[] => out.trim().split("\n").map((line) => JSON.parse(line) as { kind: string });

test("run --json prints one event a line and a result last; the original is untouched until it is applied", async () => {
  fillFolder(folder, 200);
  const before = hashFolder(folder);
  const ran = await runBin(["run", "--folder", `${folder}:edit`, "--json", "organise . by type then summarise csv/sales.csv then write notes.md: done"], home);
  expect(ran.code).toBe(0);
  const events = lines(ran.out);
  const result = events.at(-1) as unknown as { kind: string; outcome: string; conversation: string; staged: { path: string; change: string }[] };
  expect(result).toMatchObject({ kind: "result", outcome: "settled" });
  expect(events.map((event) => event.kind)).toEqual(expect.arrayContaining(["message.sent", "turn.started", "sandbox.started", "model.called", "tool.called", "file.staged", "turn.settled"]));
  expect(events.slice(0, -1).map((event) => event["seq"])).toEqual(events.slice(0, -1).map((_, index) => index + 1));
  expect(hashFolder(folder)).toBe(before);
  expect(result.staged.map((change) => change.path)).toContain(join(folder, "notes.md"));

  const applied = await runBin(["changes", "apply", result.conversation, join(folder, "notes.md")], home);
  expect(applied.code).toBe(0);
  expect(readFileSync(join(folder, "notes.md"), "utf8").trim()).toBe("done");
  const rest = await runBin(["changes", "apply", result.conversation], home);
  expect({ code: rest.code, err: rest.err }).toEqual({ code: 0, err: expect.any(String) });
  expect(existsSync(join(folder, "csv", "sales.csv"))).toBe(true);
  expect(existsSync(join(folder, "sales.csv"))).toBe(false);
  const verified = await runBin(["activity", "--verify"], home);
  expect(verified.code).toBe(0);
}, 60_000);

test("sandbox hands standard streams through byte for byte and keeps the command's code", async () => {
  const piped = await runBin(["sandbox", "--", "sh", "-c", "cat; printf 'to err' >&2; exit 7"], home, "a\u0000b\r\n");
  expect(piped.code).toBe(7);
  expect(piped.out).toBe("a\u0000b\r\n");
  expect(piped.err).toMatch(/^to err/);
  expect((await runBin(["sandbox", "--", "sh", "-c", "kill -TERM $$"], home)).code).toBe(143);
  expect((await runBin(["sandbox", "--", "no-such-program"], home)).code).toBe(127);
}, 30_000);

test("the wall time ends the command with 124", async () => {
  const ended = await runBin(["sandbox", "--seconds", "1", "--", "sleep", "60"], home);
  expect(ended.code).toBe(124);
  expect(ended.err).toMatch(/^bulkhead: .*time/m);
}, 20_000);

test("a folder that may never be granted is refused before anything runs", async () => {
  const link = join(home.path, "work", "innocent");
  symlinkSync(join(home.path, "home"), link);
  mkdirSync(join(home.path, "home", ".ssh"), { recursive: true });
  const file = join(home.path, "work", "a file");
  writeFileSync(file, "");
  for (const path of ["/", "/etc", join(home.path, "home"), join(home.path, "home", ".ssh"), link, file, join(home.path, "work", "missing"), join(home.path, "data", "bulkhead")]) {
    const refused = await runBin(["sandbox", "--folder", path, "--", "echo", "RAN"], home);
    expect({ path, code: refused.code, out: refused.out, lines: refused.err.trim().split("\n").length }).toEqual({ path, code: 2, out: "", lines: 1 });
  }
}, 60_000);

test("no rule means no way out, and the refusal says so and is recorded", async () => {
  const asked = await runBin(["sandbox", "--", "curl", "-sS", "-i", "http://example.com/"], home);
  expect(asked.out).toMatch(/^HTTP\/1\.1 403/);
  expect(asked.out.toLowerCase()).toContain("x-bulkhead-reason");
  const direct = await runBin(["sandbox", "--", "curl", "-sS", "--noproxy", "*", "--max-time", "5", "http://192.0.2.1/"], home);
  expect(direct.code).not.toBe(0);
  const recorded = await runBin(["activity", "--json"], home);
  expect(lines(recorded.out).filter((event) => event.kind === "network.requested").map((event) => event["outcome"])).toEqual(["refused"]);
}, 30_000);

test("where bubblewrap cannot be used nothing runs: 125, with the mend", async () => {
  const hidden = await runBin(["sandbox", "--folder", folder, "--", "true"], { ...home, environment: { ...home.environment, PATH: "/nowhere" } });
  // PATH is not how the host finds its programs: an empty one changes nothing.
  expect(hidden.code).toBe(0);
}, 20_000);
