import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFeed, type Feed } from "../../main/feed/feed.ts";
import { toCsvLine } from "../../main/terminal/csv.ts";
import type { EventDraft } from "../../protocol/event.ts";
import { temporaryDirectory } from "../temporary.ts";

const draft = (text: string, conversation = "aaaaaaaaaaaa"): EventDraft => ({ kind: "message.sent", conversation, actor: "person", evidence: "observed", outcome: "done", detail: { text } });
const open = (path: string): Feed => openFeed({ path, now: () => new Date(0), redact: (text) => text.replaceAll("s3cret", "[secret]") });

const appending = (path: string): string => `import { openFeed } from ${JSON.stringify(new URL("../../main/feed/feed.ts", import.meta.url).pathname)};
    const feed = openFeed({ path: ${JSON.stringify(path)}, now: () => new Date(), redact: (t) => t });
    console.log("STARTED");
    for (;;) feed.record(${JSON.stringify(draft("child"))});`;

test("events are numbered within their conversation, chained, redacted, and found again", () => {
  const feed = open(join(temporaryDirectory(), "feed.db"));
  feed.recordAll([draft("one"), draft("other", "bbbbbbbbbbbb"), draft("two s3cret")]);
  const page = feed.page({ conversation: "aaaaaaaaaaaa", limit: 10 });
  expect(page.events.map((event) => [event.seq, event.detail])).toEqual([[1, { text: "one" }], [2, { text: "two [secret]" }]]);
  expect(feed.page({ conversation: "aaaaaaaaaaaa", limit: 1, before: 2 })).toMatchObject({ total: 2, events: [{ seq: 1 }] });
  expect(feed.page({ text: "100%", limit: 5 }).total).toBe(0);
  expect(feed.page({ text: "other", limit: 5 }).events).toHaveLength(1);
  expect(feed.verify()).toMatchObject({ ok: true, checked: 3 });
  feed.close();
});

test.each([
  ["an event was edited", "UPDATE events SET body = replace(body, 'one', 'two') WHERE seq = 1"],
  ["an event was removed from the middle", "DELETE FROM events WHERE seq = 1"],
  ["the last event was removed", "DELETE FROM events WHERE seq = 2"],
  ["a head was removed", "DELETE FROM heads"],
  ["the filtered column was edited", "UPDATE events SET kind = 'turn.started' WHERE seq = 2"],
])("the chain shows that %s", (_, statement) => {
  const path = join(temporaryDirectory(), "feed.db");
  const feed = open(path);
  feed.recordAll([draft("one"), draft("two")]);
  expect(feed.verify().ok).toBe(true);
  const other = new DatabaseSync(path);
  other.exec(statement);
  other.close();
  expect(feed.verify().ok).toBe(false);
  feed.close();
});

test("two processes append to one chain, one of them is killed, and the other hears it all", async () => {
  const path = join(temporaryDirectory(), "feed.db");
  const feed = open(path);
  const heard: number[] = [];
  feed.subscribe((events) => heard.push(...events.map((event) => event.seq)));
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", appending(path)], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  for (let index = 0; index < 50; index++) {
    feed.record(draft("parent"));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const total = feed.page({ limit: 1 }).total;
  expect(total).toBeGreaterThan(50);
  expect(feed.verify()).toMatchObject({ ok: true, checked: total });
  expect(heard).toHaveLength(total);
  feed.close();
});

test("a secret with a quotation mark is redacted, and the event's own names stay", () => {
  const feed = openFeed({ path: join(temporaryDirectory(), "feed.db"), now: () => new Date(0), redact: (text) => text.replaceAll('pa"ss', "[secret]").replaceAll("person", "[secret]") });
  expect(feed.record(draft('my pa"ss'))).toMatchObject({ actor: "person", detail: { text: "my [secret]" } });
  feed.close();
});

test("every listener hears one order, also when one records in its turn", () => {
  const feed = open(join(temporaryDirectory(), "feed.db"));
  const heard: string[] = [];
  feed.subscribe((events) => events.forEach((event) => event.seq === 1 && feed.record(draft("answer"))));
  feed.subscribe((events) => heard.push(...events.map((event) => (event.detail as { text: string }).text)));
  feed.record(draft("question"));
  expect(heard).toEqual(["question", "answer"]);
  feed.close();
});

test("a check finds nothing wrong while another process appends", async () => {
  const path = join(temporaryDirectory(), "feed.db");
  const feed = open(path);
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", appending(path)], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  for (let index = 0; index < 30; index++) expect(feed.verify()).toMatchObject({ ok: true });
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  feed.close();
});

test("a record that takes no more says so as a problem, and keeps what it has", () => {
  const path = join(temporaryDirectory(), "feed.db");
  const feed = open(path);
  feed.record(draft("kept"));
  const other = new DatabaseSync(path);
  other.exec("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'x'); END");
  expect(() => feed.record(draft("lost"))).toThrow("x");
  other.exec("DROP TRIGGER full");
  other.exec("BEGIN IMMEDIATE");
  let thrown: unknown;
  try { feed.record(draft("lost")); } catch (error) { thrown = error; }
  expect((thrown as Error).cause).toMatchObject({ code: "busy" });
  other.exec("ROLLBACK");
  other.close();
  expect(feed.record(draft("next")).seq).toBe(2);
  expect(feed.verify()).toMatchObject({ ok: true, checked: 2 });
  feed.close();
}, 20_000);

test("a damaged database is set aside byte for byte, and the new record says so", () => {
  const directory = temporaryDirectory();
  const path = join(directory, "feed.db");
  writeFileSync(path, "this is no database, it is a text that somebody wrote over it".repeat(100));
  const before = readFileSync(path);
  const feed = open(path);
  expect(feed.page({ limit: 5 }).events.map((event) => event.kind)).toEqual(["feed.damaged"]);
  const aside = readdirSync(directory).find((name) => name.includes("damaged")) ?? "";
  expect(readFileSync(join(directory, aside)).equals(before)).toBe(true);
  feed.close();
});

test("a removed conversation leaves a tombstone and the rest verifies", () => {
  const feed = open(join(temporaryDirectory(), "feed.db"));
  feed.recordAll([draft("one"), draft("two"), draft("kept", "bbbbbbbbbbbb")]);
  feed.removeConversation("aaaaaaaaaaaa");
  expect(feed.page({ conversation: "aaaaaaaaaaaa", limit: 5 }).total).toBe(0);
  expect(feed.page({ conversation: "app", limit: 5 }).events[0]).toMatchObject({ kind: "conversation.deleted", detail: { id: "aaaaaaaaaaaa", events: 2 } });
  expect(feed.verify().ok).toBe(true);
  feed.close();
});

test("a formula from the agent stays text in a spreadsheet", () => {
  const feed = open(join(temporaryDirectory(), "feed.db"));
  const line = toCsvLine(feed.record({ ...draft("x"), turn: "=1+1" } as EventDraft));
  expect(line).toContain("'=1+1");
  feed.close();
});
