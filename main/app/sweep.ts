/**
 * The run directory of this process, and what dead ones left behind.
 * Each process has its own directory, with a file that names its owner and the directory itself. Removed is only what is certainly left
 * over: our user's, mode 0700, with an owner's file of ours that names this very directory and a dead holder. Everything else is left
 * alone and never waited for. Staged changes and the journals of applied ones lie elsewhere and are never touched.
 */
import { lstatSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lifeOf, readOwnFile, thisProcess } from "../base/holder.ts";
import { removeTree } from "../base/removeTree.ts";

const owner = "owner";
const random = /^[A-Za-z0-9]{6}$/;

export interface RunDirectory {
  /** Made at the first call; made anew, never adopted, where somebody took its place. */
  path(): string;
  /** Removes it, if it is still ours. */
  close(): void;
}

export interface RunPlace { directory: string; prefix: string }

export function openRunDirectory(place: RunPlace): RunDirectory {
  let mine: { path: string; is: string } | undefined;
  return {
    path() {
      if (!mine || identity(mine.path) !== mine.is) mine = make(place);
      return mine.path;
    },
    close() {
      if (mine && identity(mine.path) === mine.is) removeTree(mine.path);
      mine = undefined;
    },
  };
}

function make({ directory, prefix }: RunPlace): { path: string; is: string } {
  const path = mkdtempSync(join(directory, prefix));
  const is = identity(path);
  if (is === undefined) throw new Error(`${path} was taken away while it was made.`);
  writeFileSync(join(path, owner), `${is}\n${thisProcess()}\n`, { flag: "wx", mode: 0o600 });
  return { path, is };
}

/** Which directory it is, if it is this user's alone; undefined for anything else. With its time of birth: a number is used again for a directory made anew. */
function identity(path: string): string | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!found?.isDirectory() || (found.mode & 0o777n) !== 0o700n || found.uid !== BigInt(process.getuid?.() ?? -1)) return undefined;
  return `${found.dev} ${found.ino} ${found.birthtimeNs}`;
}

/** Every directory that is named like one of ours, whoever made it: none of them may be granted. */
export function runDirectories({ directory, prefix }: RunPlace): string[] {
  return readdirSync(directory).filter((name) => name.startsWith(prefix) && random.test(name.slice(prefix.length))).map((name) => join(directory, name));
}

/** Removes the run directories of processes that are certainly dead; returns their paths. One that cannot be removed keeps no other. */
export function sweepRunDirectories(place: RunPlace, onFailure: (error: unknown) => void): string[] {
  return runDirectories(place).filter((path) => {
    try {
      const is = identity(path);
      const [of, holder = ""] = is === undefined ? [] : (readOwnFile(join(path, owner))?.split("\n") ?? []);
      if (is === undefined || of !== is || lifeOf(holder) !== "dead") return false;
      removeTree(path);
      return true;
    } catch (error) {
      onFailure(error);
      return false;
    }
  });
}
