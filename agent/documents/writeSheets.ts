import Excel from "exceljs";
import { parseCsv } from "./csv.ts";
import { parseMarkdown, textOf } from "./markdown.ts";

interface Sheet {
  name: string;
  rows: string[][];
}

export async function writeSheets(text: string): Promise<Uint8Array> {
  const book = new Excel.Workbook();
  for (const { name, rows } of sheetsOf(text)) {
    const sheet = book.addWorksheet(name);
    for (const row of rows) sheet.addRow(row.map(valueOf));
    sheet.getRow(1).font = { bold: true };
    sheet.views = [{ state: "frozen", ySplit: 1 }];
    sheet.columns.forEach((column, index) => void (column.width = Math.min(60, Math.max(8, ...rows.map((row) => (row[index] ?? "").length + 2)))));
  }
  return new Uint8Array(await book.xlsx.writeBuffer());
}

/** Tables of the Markdown, each named after the heading before it; a text without a table is read as CSV. */
function sheetsOf(text: string): Sheet[] {
  const sheets: Sheet[] = [];
  let heading = "";
  for (const block of parseMarkdown(text)) {
    if (block.type === "heading") heading = textOf(block.runs);
    if (block.type !== "table") continue;
    sheets.push({ name: freeName(heading || `Sheet ${sheets.length + 1}`, sheets), rows: block.rows.map((row) => row.map(textOf)) });
  }
  return sheets.length > 0 ? sheets : [{ name: "Sheet 1", rows: parseCsv(text) }];
}

/** Excel's rules: at most 31 characters, none of \/?*[]:, no two alike. */
function freeName(wanted: string, taken: readonly Sheet[]): string {
  const name = wanted.replace(/[\\/?*[\]:]/g, " ").trim().slice(0, 31) || "Sheet";
  const used = new Set(taken.map((sheet) => sheet.name.toLowerCase()));
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name.slice(0, 27)} ${count}`;
    if (!used.has(candidate.toLowerCase())) return candidate;
  }
}

/** Numbers and formulas (a leading =) become such; a number with a leading zero stays text (postcodes, account numbers). */
function valueOf(cell: string): string | number | { formula: string } {
  const text = cell.trim();
  if (/^=.+/.test(text)) return { formula: text.slice(1) };
  return /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text) ? Number(text) : cell;
}
