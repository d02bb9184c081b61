import { readFile, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { z } from "zod";
import { isDocument } from "../documents/readDocument.ts";
import { inside, shortName } from "../paths.ts";
import { defineTool } from "./tool.ts";

export const edit = defineTool({
  name: "edit", kind: "edit",
  description: "Replaces text in a text file exactly: oldText must occur once, or give all: true to replace every occurrence.",
  input: z.object({ path: z.string(), oldText: z.string().min(1), newText: z.string(), all: z.boolean().optional() }),
  title: ({ path }) => `Edit ${shortName(path)}`,
  async run({ path, oldText, newText, all }, { directory }) {
    refuseDocument(path);
    const file = inside(directory, path);
    const text = await readFile(file, "utf8");
    const count = text.split(oldText).length - 1;
    if (count === 0) throw new Error(`oldText does not occur in ${path}. Read the file and take the text exactly as it stands.`);
    if (count > 1 && !all) throw new Error(`oldText occurs ${count} times in ${path}. Give more of the text around it, or all: true.`);
    await writeFile(file, text.split(oldText).join(newText));
    return `Replaced ${count} ${count === 1 ? "place" : "places"} in ${path}.`;
  },
});

/** Text put into the bytes of a Word or PDF file breaks it. */
export function refuseDocument(path: string): void {
  if (isDocument(extname(path).toLowerCase())) throw new Error(`${path} is no text file: read it, then write the whole document anew.`);
}
