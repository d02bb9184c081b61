import { lstat, rm } from "node:fs/promises";
import { z } from "zod";
import { inside, shortName } from "../paths.ts";
import { defineTool } from "./tool.ts";

export const remove = defineTool({
  name: "delete", kind: "delete",
  description: "Deletes a file, or a folder with all that is in it.",
  input: z.object({ path: z.string() }),
  title: ({ path }) => `Delete ${shortName(path)}`,
  async run({ path }, { directory }) {
    const file = inside(directory, path);
    const facts = await lstat(file);
    await rm(file, { recursive: facts.isDirectory() });
    return `Deleted ${path}.`;
  },
});
