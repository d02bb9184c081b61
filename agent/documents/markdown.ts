/** The part of Markdown that documents are written from: headings, paragraphs, lists, tables, code, rules; bold, italic, code inside a line. */
export interface Run {
  text: string;
  bold?: boolean;
  italic?: boolean;
  code?: boolean;
}

export type Block =
  | { type: "heading"; level: 1 | 2 | 3 | 4 | 5 | 6; runs: Run[] }
  | { type: "paragraph"; runs: Run[] }
  | { type: "item"; ordered: boolean; level: number; number: number; runs: Run[] }
  | { type: "table"; rows: Run[][][] }
  | { type: "code"; text: string }
  | { type: "rule" };

export function parseMarkdown(text: string): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length;) at += takeBlock(lines, at, blocks);
  return blocks;
}

/** Adds the block that starts at `at`; returns how many lines it took. */
function takeBlock(lines: readonly string[], at: number, blocks: Block[]): number {
  const line = lines[at] ?? "";
  if (line.trim() === "") return 1;
  const fence = /^\s*(```|~~~)/.exec(line)?.[1];
  if (fence) {
    const end = lines.findIndex((candidate, index) => index > at && candidate.trimStart().startsWith(fence));
    const last = end < 0 ? lines.length : end;
    blocks.push({ type: "code", text: lines.slice(at + 1, last).join("\n") });
    return last - at + 1;
  }
  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  if (heading) {
    blocks.push({ type: "heading", level: heading[1]?.length as 1, runs: parseRuns(heading[2] ?? "") });
    return 1;
  }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
    blocks.push({ type: "rule" });
    return 1;
  }
  if (isRow(line) && isDivider(lines[at + 1] ?? "")) {
    let end = at + 2;
    while (isRow(lines[end] ?? "")) end++;
    blocks.push({ type: "table", rows: [line, ...lines.slice(at + 2, end)].map((row) => cells(row).map(parseRuns)) });
    return end - at;
  }
  const item = itemOf(line);
  if (item) {
    blocks.push(item);
    return 1;
  }
  let end = at + 1;
  while (end < lines.length && startsParagraphLine(lines[end] ?? "")) end++;
  blocks.push({ type: "paragraph", runs: parseRuns(lines.slice(at, end).map((part) => part.trim()).join(" ")) });
  return end - at;
}

function itemOf(line: string): Block | undefined {
  const match = /^(\s*)(?:[-*+]|(\d{1,6})[.)])\s+(.*)$/.exec(line);
  if (!match) return undefined;
  const level = Math.min(8, Math.floor((match[1] ?? "").replaceAll("\t", "  ").length / 2));
  return { type: "item", ordered: match[2] !== undefined, number: Number(match[2] ?? 0), level, runs: parseRuns(match[3] ?? "") };
}

const isRow = (line: string): boolean => line.includes("|") && line.trim() !== "";
const isDivider = (line: string): boolean => /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(line) && line.includes("-");
const startsParagraphLine = (line: string): boolean => line.trim() !== "" && !/^(#{1,6}\s|\s*(```|~~~))/.test(line) && !itemOf(line);
const cells = (row: string): string[] => row.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

const inline = /\*\*(.+?)\*\*|__(.+?)__|`([^`]+)`|\*([^*\s][^*]*)\*|(?<![\p{L}\p{N}])_([^_\s][^_]*)_(?![\p{L}\p{N}])|\[([^\]]+)\]\(([^)\s]+)\)/gu;

export function parseRuns(text: string): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (const match of text.matchAll(inline)) {
    if (match.index > from) runs.push({ text: text.slice(from, match.index) });
    const [, bold, alsoBold, code, italic, alsoItalic, label, target] = match;
    if (bold ?? alsoBold) runs.push({ text: (bold ?? alsoBold) as string, bold: true });
    else if (code) runs.push({ text: code, code: true });
    else if (italic ?? alsoItalic) runs.push({ text: (italic ?? alsoItalic) as string, italic: true });
    else runs.push({ text: label === target ? (label as string) : `${label} (${target})` });
    from = match.index + match[0].length;
  }
  if (from < text.length) runs.push({ text: text.slice(from) });
  return runs;
}

export const textOf = (runs: readonly Run[]): string => runs.map((run) => run.text).join("");
