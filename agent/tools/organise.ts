import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { z } from "zod";
import { inside, shortName } from "../paths.ts";
import { moveTo } from "./move.ts";
import { defineTool } from "./tool.ts";

export const organise = defineTool({
  name: "organise", kind: "move",
  description: "Sorts the files that lie directly in a folder into subfolders: by type (pdf, docx …) or by month of last change (2026-01 …).",
  input: z.object({ path: z.string().optional(), by: z.enum(["type", "month"]).optional() }),
  title: ({ path, by = "type" }) => `Organise ${shortName(path)} by ${by}`,
  async run({ path, by = "type" }, { directory, signal }) {
    const folder = inside(directory, path);
    const moved = new Map<string, number>();
    const left: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      signal.throwIfAborted();
      if (!entry.isFile() || entry.name.startsWith(".")) continue;
      const file = join(folder, entry.name);
      const place = by === "type" ? extname(entry.name).slice(1).toLowerCase() || "other" : (await stat(file)).mtime.toISOString().slice(0, 7);
      try {
        await moveTo(file, join(folder, place, entry.name));
        moved.set(place, (moved.get(place) ?? 0) + 1);
      } catch (error) {
        left.push(`${entry.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    const lines = [...moved].sort().map(([place, count]) => `- ${place}/: ${count} ${count === 1 ? "file" : "files"}`);
    return [`Moved ${[...moved.values()].reduce((sum, count) => sum + count, 0)} files.`, ...lines, ...left.map((line) => `- left where it is: ${line}`)].join("\n");
  },
});
