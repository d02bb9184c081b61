/** The sums over all files of this suite, printed at the end of the run. A file that was to run and reported no case fails the run. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { TestProject } from "vitest/node";
import type { Sums } from "./world.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where each file of the suite notes what it tried. */
    tallies: string;
  }
}

interface Note extends Sums { name: string; file?: string; finished: boolean }

export async function setup(project: TestProject): Promise<() => void> {
  const tallies = mkdtempSync(join(tmpdir(), "bulkhead-tallies-"));
  project.provide("tallies", tallies);
  // Which files were named on the command line; all of them without.
  const { filenamePattern } = project.vitest as unknown as { filenamePattern?: string[] };
  const chosen = await project.globTestFiles(filenamePattern);
  const files = chosen.testFiles.filter((file) => file.startsWith(import.meta.dirname));
  return () => {
    const notes = readdirSync(tallies).map((name) => JSON.parse(readFileSync(join(tallies, name), "utf8")) as Note);
    rmSync(tallies, { recursive: true });
    if (files.length === 0) return;
    const sum = (of: keyof Sums): number => notes.reduce((total, note) => total + note[of], 0);
    process.stdout.write(`confinement: all ${notes.length} files: cases ${sum("cases")}, contained ${sum("contained")}, controls that reached ${sum("controls")}, benign that worked ${sum("benign")}\n`);
    const silent = files.filter((file) => !notes.some((note) => note.file === file && note.finished && note.cases + note.benign > 0));
    if (silent.length > 0) throw new Error(`confinement: these files did not run, or tried nothing: ${silent.map((file) => basename(file)).join(", ")}`);
    if (sum("contained") !== sum("cases")) throw new Error("confinement: not every case was contained");
  };
}
