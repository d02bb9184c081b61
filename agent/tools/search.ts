import { readFile, stat } from "node:fs/promises";
import { relative } from "node:path";
import { z } from "zod";
import { bounded, inside } from "../paths.ts";
import { walk } from "../walk.ts";
import { defineTool } from "./tool.ts";

const mostHits = 200;
const mostFile = 2 << 20;

export const search = defineTool({
  name: "search", kind: "search",
  description: "Searches file names and the text of text files for a plain string, upper and lower case alike. One hit per line: path:line: text.",
  input: z.object({ query: z.string().min(1), path: z.string().optional() }),
  title: ({ query }) => `Search for «${query.slice(0, 80)}»`,
  async run({ query, path }, { directory, signal }) {
    const wanted = query.toLowerCase();
    const hits: string[] = [];
    for await (const file of walk(inside(directory, path))) {
      signal.throwIfAborted();
      const shown = relative(directory, file);
      if (shown.toLowerCase().includes(wanted)) hits.push(shown);
      hits.push(...(await linesIn(file, wanted)).map((line) => `${shown}:${line}`));
      if (hits.length >= mostHits) break;
    }
    if (hits.length === 0) return `Nothing found for «${query}».`;
    return bounded(hits.slice(0, mostHits).join("\n"), 64_000) + (hits.length >= mostHits ? `\n(stopped at ${mostHits} hits)` : "");
  },
});

async function linesIn(file: string, wanted: string): Promise<string[]> {
  const facts = await stat(file).catch(() => undefined);
  if (!facts || facts.size > mostFile) return [];
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  if (bytes.subarray(0, 8000).includes(0)) return [];
  return bytes.toString("utf8").split("\n").flatMap((line, index) => (line.toLowerCase().includes(wanted) ? [`${index + 1}: ${line.trim().slice(0, 240)}`] : [])).slice(0, 20);
}
