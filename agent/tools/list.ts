import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { bounded, inside, shortName } from "../paths.ts";
import { defineTool } from "./tool.ts";

export const list = defineTool({
  name: "list", kind: "read",
  description: "Lists a folder: one line per entry, folders end in /, files with size in bytes and date of last change.",
  input: z.object({ path: z.string().optional().describe("The folder; the first granted folder if left out.") }),
  title: ({ path }) => `List ${shortName(path)}`,
  async run({ path }, { directory }) {
    const folder = inside(directory, path);
    const entries = await readdir(folder, { withFileTypes: true });
    if (entries.length === 0) return "(the folder is empty)";
    const lines = await Promise.all(entries.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, 2000).map(async (entry) => {
      if (entry.isDirectory()) return `${entry.name}/`;
      const facts = await stat(join(folder, entry.name)).catch(() => undefined);
      return facts ? `${entry.name}\t${facts.size}\t${facts.mtime.toISOString().slice(0, 16).replace("T", " ")}` : `${entry.name}\t(not readable)`;
    }));
    if (entries.length > 2000) lines.push(`… ${entries.length - 2000} more`);
    return bounded(lines.join("\n"), 64_000);
  },
});
