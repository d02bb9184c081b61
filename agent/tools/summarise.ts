import { readFile, stat } from "node:fs/promises";
import { basename, extname, relative } from "node:path";
import { z } from "zod";
import { parseCsv } from "../documents/csv.ts";
import { isDocument, readDocument } from "../documents/readDocument.ts";
import { inside, shortName } from "../paths.ts";
import { walk } from "../walk.ts";
import { defineTool } from "./tool.ts";

export const summarise = defineTool({
  name: "summarise", kind: "read",
  description: "Counts what is in a file or folder: lines, words, headings; for CSV the rows and the total of each column of numbers; for a folder the files of each kind.",
  input: z.object({ path: z.string().optional() }),
  title: ({ path }) => `Summarise ${shortName(path)}`,
  async run({ path }, { directory }) {
    const file = await findFile(directory, path);
    if ((await stat(file)).isDirectory()) return summariseFolder(file, path ?? ".");
    const extension = extname(file).toLowerCase();
    const bytes = await readFile(file);
    const text = isDocument(extension) ? await readDocument(extension, bytes) : bytes.toString("utf8");
    return extension === ".csv" || extension === ".tsv" ? summariseTable(relative(directory, file), text) : summariseText(relative(directory, file), text);
  },
});

/** A file that an earlier step moved (organise) is found by its name, when exactly one below the folder has it. */
async function findFile(directory: string, path: string | undefined): Promise<string> {
  const file = inside(directory, path);
  if (path === undefined || path.includes("/") || (await stat(file).then(() => true, () => false))) return file;
  const found: string[] = [];
  for await (const other of walk(directory)) if (basename(other) === path) found.push(other);
  return found.length === 1 && found[0] !== undefined ? found[0] : file;
}

async function summariseFolder(folder: string, shown: string): Promise<string> {
  const kinds = new Map<string, { count: number; bytes: number }>();
  let count = 0;
  for await (const file of walk(folder)) {
    const kind = extname(file).slice(1).toLowerCase() || "no ending";
    const sum = kinds.get(kind) ?? { count: 0, bytes: 0 };
    const size = await stat(file).then((facts) => facts.size, () => 0);
    kinds.set(kind, { count: sum.count + 1, bytes: sum.bytes + size });
    count++;
  }
  const lines = [...kinds].sort(([, a], [, b]) => b.count - a.count).map(([kind, sum]) => `- ${kind}: ${sum.count} files, ${sum.bytes} bytes`);
  return [`${shown}: ${count} files`, ...lines].join("\n");
}

function summariseText(shown: string, text: string): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  const headings = lines.filter((line) => /^#{1,6} /.test(line)).slice(0, 50);
  return [`${shown}: ${lines.length} lines, ${words} words`, ...(headings.length > 0 ? ["Headings:", ...headings] : [])].join("\n");
}

function summariseTable(shown: string, text: string): string {
  const [head = [], ...rows] = parseCsv(text);
  const totals = head.flatMap((name, column) => {
    const cells = rows.map((row) => row[column]?.trim() ?? "").filter((cell) => cell !== "");
    const numbers = cells.map((cell) => Number(cell.replace(/[\s']/g, "").replace(/,(?=\d{3}(\D|$))/g, "")));
    if (numbers.length === 0 || numbers.some((value) => !Number.isFinite(value))) return [];
    return [`- ${name}: total ${Number(numbers.reduce((sum, value) => sum + value, 0).toFixed(6))}`];
  });
  return [`${shown}: ${rows.length} rows, columns: ${head.join(", ")}`, ...totals].join("\n");
}
