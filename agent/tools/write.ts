import { mkdir, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { z } from "zod";
import { inside, shortName } from "../paths.ts";
import { isWritableDocument, writeDocument } from "../documents/writeDocument.ts";
import { defineTool } from "./tool.ts";

export const write = defineTool({
  name: "write", kind: "edit",
  description: "Writes a file (creates it, or replaces what is there). For .docx, .pptx and .pdf give Markdown: headings, lists, tables, bold and italic become the document's own. For .xlsx give Markdown tables (a heading before a table names its sheet) or CSV.",
  input: z.object({ path: z.string(), text: z.string() }),
  title: ({ path }) => `Write ${shortName(path)}`,
  async run({ path, text }, { directory }) {
    const file = inside(directory, path);
    const extension = extname(file).toLowerCase();
    const bytes = isWritableDocument(extension) ? await writeDocument(extension, text) : Buffer.from(text);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    return `Wrote ${path} (${bytes.length} bytes).`;
  },
});
