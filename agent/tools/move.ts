import { cp, lstat, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { inside, shortName } from "../paths.ts";
import { defineTool } from "./tool.ts";

export const move = defineTool({
  name: "move", kind: "move",
  description: "Moves or renames a file or folder. Refuses to replace what is there.",
  input: z.object({ from: z.string(), to: z.string() }),
  title: ({ from, to }) => `Move ${shortName(from)} to ${shortName(to)}`,
  async run({ from, to }, { directory }) {
    const target = await moveTo(inside(directory, from), inside(directory, to));
    return `Moved ${from} to ${target}.`;
  },
});

/** Into `to` where that is a folder. Renaming a folder across layers is answered EXDEV by the kernel: then it is copied and removed. */
export async function moveTo(from: string, to: string): Promise<string> {
  const there = await stat(to).catch(() => undefined);
  const target = there?.isDirectory() ? join(to, basename(from)) : to;
  if (await lstat(target).then(() => true, () => false)) throw new Error(`${target} is there already: nothing was moved.`);
  await mkdir(dirname(target), { recursive: true });
  try {
    await rename(from, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await cp(from, target, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    await rm(from, { recursive: true });
  }
  return target;
}
