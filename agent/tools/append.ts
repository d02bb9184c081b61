import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { inside, shortName } from "../paths.ts";
import { refuseDocument } from "./edit.ts";
import { defineTool } from "./tool.ts";

export const append = defineTool({
  name: "append", kind: "edit",
  description: "Adds text at the end of a text file; creates it where there is none.",
  input: z.object({ path: z.string(), text: z.string() }),
  title: ({ path }) => `Add to ${shortName(path)}`,
  async run({ path, text }, { directory }) {
    refuseDocument(path);
    const file = inside(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await appendFile(file, text);
    return `Added ${Buffer.byteLength(text)} bytes to ${path}.`;
  },
});
