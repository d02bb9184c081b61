import { expect, test } from "vitest";
import { eventKinds, reasons } from "../../protocol/event.ts";

type Words = { [key: string]: string };
// The page is a project of its own: its words are read as they are, not compiled into the tests.
const load = async (name: string): Promise<Words> => ((await import(/* @vite-ignore */ new URL(`../../renderer/src/words/${name}.ts`, import.meta.url).href)) as { [name: string]: Words })[name] ?? {};
const en = await load("en");
const zhCN = await load("zhCN");
const values = (text: string | undefined): string[] => [...(text ?? "").matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "").sort();

test("both languages hold the same keys, and no word is empty", () => {
  expect(Object.keys(zhCN).sort()).toEqual(Object.keys(en).sort());
  expect([...Object.values(en), ...Object.values(zhCN)].filter((word) => word.trim() === "")).toEqual([]);
  expect(Object.keys(en).length).toBeGreaterThan(200);
});

test("each sentence takes the same values in both languages", () => {
  for (const key of Object.keys(en)) expect([key, values(zhCN[key])]).toEqual([key, values(en[key])]);
});

test("what is meant to be Chinese is Chinese", () => {
  // {{…}} alone and the product's name have no language.
  const bare = Object.entries(zhCN).filter(([, word]) => !/[\u4e00-\u9fff]/.test(word.replace(/\{\{\w+\}\}/g, ""))).map(([key]) => key);
  expect(bare.sort()).toEqual(["events.file.staged", "events.network.requested", "events.tool.called", "feed.host"]);
});

test("every kind of event and every reason has a sentence", () => {
  for (const kind of eventKinds) expect(en).toHaveProperty([`events.${kind}`]);
  for (const reason of reasons) expect(en).toHaveProperty([`reason.${reason}`]);
});
