import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { thisProcess } from "../../main/base/holder.ts";
import { createConversations } from "../../main/conversation/conversations.ts";
import { temporaryDirectory } from "../temporary.ts";

const now = (): Date => new Date("2026-11-24T09:00:00Z");

test("a conversation that was made is there for the next process", () => {
  const directory = temporaryDirectory();
  const made = createConversations({ directory, now }).create({ model: "practice", title: "发票 2026" });
  expect(createConversations({ directory, now }).list()).toEqual([made]);
});

test("an id that is a path opens nothing", () => {
  const conversations = createConversations({ directory: temporaryDirectory(), now });
  expect(conversations.get("../../etc/pass")).toMatchObject({ ok: false, problem: { code: "not-found" } });
  expect(() => conversations.folder("../x")).toThrow();
});

test("a damaged conversation is named, kept byte for byte, and hides no other", () => {
  const directory = temporaryDirectory();
  const conversations = createConversations({ directory, now });
  const good = conversations.create({ model: "practice" });
  const bad = conversations.create({ model: "practice" });
  const file = join(conversations.folder(bad.id), "conversation.json");
  writeFileSync(file, "{half");
  expect(conversations.get(bad.id)).toMatchObject({ ok: false, problem: { code: "damaged" } });
  expect(conversations.list().map((one) => one.id)).toEqual([good.id]);
  expect(readFileSync(file, "utf8")).toBe("{half");
});

test("a second writer is told who holds the conversation", () => {
  const conversations = createConversations({ directory: temporaryDirectory(), now });
  const { id } = conversations.create({ model: "practice" });
  const first = conversations.lock(id);
  expect(conversations.lock(id)).toMatchObject({ ok: false, problem: { code: "busy", message: expect.stringContaining(String(process.pid)) } });
  if (first.ok) first.value();
  expect(conversations.lock(id).ok).toBe(true);
});

test("the lock of a process that is gone, or whose pid was given to another, is taken over", () => {
  const conversations = createConversations({ directory: temporaryDirectory(), now });
  const { id } = conversations.create({ model: "practice" });
  const lock = join(conversations.folder(id), "lock");
  const mine = thisProcess().split(" ");
  for (const stale of [[mine[0], "999999999", ...mine.slice(2)], [...mine.slice(0, 2), "1", ...mine.slice(3)]].map((words) => words.join(" "))) {
    writeFileSync(lock, stale);
    const taken = conversations.lock(id);
    expect(taken.ok).toBe(true);
    if (taken.ok) taken.value();
  }
  expect(existsSync(lock)).toBe(false);
});
