/** Documents written and read again, with the libraries that the agent uses. */
import { expect, test } from "vitest";
import { parseCsv } from "../../agent/documents/csv.ts";
import { parseMarkdown } from "../../agent/documents/markdown.ts";
import { readDocument } from "../../agent/documents/readDocument.ts";
import { writeDocument } from "../../agent/documents/writeDocument.ts";

const report = "# Report\n\nA **bold** and *plain* word – äöü €.\n\n- first\n- second\n\n1. one\n2. two\n\n## Numbers\n\n| Item | Price |\n| --- | --- |\n| Tea & co | 3.5 |\n| Milk | 012 |\n\n```\ncode()\n```\n";
const round = async (extension: string, text: string): Promise<string> => readDocument(extension, Buffer.from(await writeDocument(extension, text)));

test("Word keeps headings, emphasis, lists and tables", async () => {
  const text = await round(".docx", report);
  for (const part of ["# Report", "**bold**", "*plain*", "first", "## Numbers", "| Tea & co | 3.5 |", "code()"]) expect(text).toContain(part);
});

test("Excel names sheets after headings, keeps numbers and leading zeros", async () => {
  expect(await round(".xlsx", report)).toBe("## Numbers\n\n| Item | Price |\n| --- | --- |\n| Tea & co | 3.5 |\n| Milk | 012 |");
  expect(await round(".xlsx", "a;b\n1;2\n")).toBe("## Sheet 1\n\n| a | b |\n| --- | --- |\n| 1 | 2 |");
});

test("PowerPoint makes a slide of each heading", async () => {
  const text = await round(".pptx", report);
  expect(text.split("## Slide ")).toHaveLength(3);
  for (const part of ["Report", "bold", "second", "Numbers", "| Tea & co | 3.5 |", "code()"]) expect(text).toContain(part);
});

test("PDF holds the text, over several pages, whatever its letters", async () => {
  const text = await round(".pdf", `${report}\n${"A long paragraph that goes on. ".repeat(400)}\n\nčeský 日本 ${"x".repeat(300)}`);
  for (const part of ["Report", "bold", "äöü €", "Tea & co", "code()", "## Page 2", "ceský ??"]) expect(text).toContain(part);
});

test("CSV with quotes, separators and line ends inside cells", () => {
  expect(parseCsv('\ufeffa,b\r\n"x ""y"", z","1\n2"\r\n,\n')).toEqual([["a", "b"], ['x "y", z', "1\n2"], ["", ""]]);
});

test("Markdown blocks", () => {
  expect(parseMarkdown("## T\ntext\nmore\n\n  - in\n---\na | b\n--- | ---\n1 | 2\n")).toEqual([
    { type: "heading", level: 2, runs: [{ text: "T" }] },
    { type: "paragraph", runs: [{ text: "text more" }] },
    { type: "item", ordered: false, number: 0, level: 1, runs: [{ text: "in" }] },
    { type: "rule" },
    { type: "table", rows: [[[{ text: "a" }], [{ text: "b" }]], [[{ text: "1" }], [{ text: "2" }]]] },
  ]);
});
