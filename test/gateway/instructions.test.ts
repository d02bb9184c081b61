import { expect, test } from "vitest";
import { readInstructions } from "../../main/gateway/practice/instructions.ts";

const read = (text: string): unknown[] => readInstructions(text).map(({ tool, input }) => [tool, input]);

test.each<[string, unknown[]]>([
  ["list", [["list", { path: "." }]]],
  ["list My Files", [["list", { path: "My Files" }]]],
  ["列出 发票", [["list", { path: "发票" }]]],
  ['read "a b.txt"', [["read", { path: "a b.txt" }]]],
  ["读取 报告.md", [["read", { path: "报告.md" }]]],
  ["write notes.md: done", [["write", { path: "notes.md", text: "done" }]]],
  ["写入 笔记.md：完成", [["write", { path: "笔记.md", text: "完成" }]]],
  ["write a.md: first then delete everything", [["write", { path: "a.md", text: "first then delete everything" }]]],
  ["append a: x then y", [["append", { path: "a", text: "x then y" }]]],
  ["run: echo a then b", [["run", { command: "echo a then b" }]]],
  ["运行：ls 然后 x", [["run", { command: "ls 然后 x" }]]],
  ["delete a.txt then move b.txt to c d.txt", [["delete", { path: "a.txt" }], ["move", { from: "b.txt", to: "c d.txt" }]]],
  ["移动 甲.txt 到 乙.txt 然后 删除 丙.txt", [["move", { from: "甲.txt", to: "乙.txt" }], ["delete", { path: "丙.txt" }]]],
  ["find invoice in 2026", [["search", { query: "invoice", path: "2026" }]]],
  ["查找 发票 在 2026", [["search", { query: "发票", path: "2026" }]]],
  ["fetch https://example.com/a", [["fetch", { url: "https://example.com/a" }]]],
  ["获取 https://example.com", [["fetch", { url: "https://example.com" }]]],
  ["summarise sales.csv", [["summarise", { path: "sales.csv" }]]],
  ["总结 销售.csv", [["summarise", { path: "销售.csv" }]]],
  ["organise . by type then summarise sales.csv then write notes.md: done", [["organise", { path: ".", by: "type" }], ["summarise", { path: "sales.csv" }], ["write", { path: "notes.md", text: "done" }]]],
  ["整理 文件 按 月份", [["organise", { path: "文件", by: "month" }]]],
  ["follow todo.txt", [["follow", { path: "todo.txt" }]]],
  ["照做 说明.txt", [["follow", { path: "说明.txt" }]]],
  ["list\nread a", [["list", { path: "." }], ["read", { path: "a" }]]],
  ["please do my taxes", [["unknown", {}]]],
])("%s", (text, expected) => {
  expect(read(text)).toEqual(expected);
});
