/** Whether the person changed an original since the agent worked on it. Times that a program can set (mtime) never decide alone. */
import { dirname } from "node:path";
import { isWhiteout, onDisk, statOf, type LayerChange, type Roots } from "./entry.ts";

/** What was seen of the originals. Kept by the host, never where the agent writes. */
export interface Seen {
  /** When the layer was last listed: what was not listed then was untouched then. Milliseconds. */
  at?: number | undefined;
  /** An original as it stood when its change was first listed: path → identity. */
  paths: { [path: string]: string };
}

const changed = "changed";
/** File systems stamp times up to some milliseconds late. */
const slack = 20;

const seenOf = (seen: Seen, path: string): string | undefined => (Object.hasOwn(seen.paths, path) ? seen.paths[path] : undefined);
export const sourceOf = (change: { path: string; from?: string | undefined }): string => change.from ?? change.path;

/** One file's identity: another file, another size or any write since gives another text. */
function identityOf(roots: Roots, path: string): string {
  const stat = statOf(onDisk(roots.original, path));
  if (!stat) return "absent";
  return stat.isDirectory() ? "folder" : `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

/** What to remember of a change that is listed for the first time: its original's identity, or that the person was at it meanwhile. */
export function firstSight(roots: Roots, change: LayerChange, seen: Seen): string {
  const path = sourceOf(change);
  const meanwhile = seen.at === undefined ? isNewer(roots, path) : changedSince(roots, change, { ...seen, at: seen.at });
  return meanwhile ? changed : identityOf(roots, path);
}

export function isConflict(roots: Roots, change: LayerChange, seen: Seen): boolean {
  const path = sourceOf(change);
  if (change.from && statOf(onDisk(roots.original, change.path))) return true;
  const before = seenOf(seen, path) ?? firstSight(roots, change, seen);
  if (before === changed || before !== identityOf(roots, path)) return true;
  // All deletions of one mount share an inode, and its times say nothing of one of them: the first sight does.
  const mark = statOf(onDisk(roots.upper, path));
  return mark !== undefined && !isWhiteout(mark) && isNewer(roots, path);
}

/** Since the layer was last listed. It may have been before the agent's first touch: that errs towards a conflict. */
function changedSince(roots: Roots, change: LayerChange, seen: Seen & { at: number }): boolean {
  const path = sourceOf(change);
  const since = BigInt(Math.floor(seen.at) - slack) * 1_000_000n;
  const isLate = (at: string): boolean => (statOf(onDisk(roots.original, at))?.ctimeNs ?? 0n) >= since;
  if (isLate(path)) return true;
  if (change.change !== "deleted") return false;
  // Deleted with a whole folder: what was moved there since is old itself, but the way to it is not, or it was not there at the first sight.
  for (let at = path; at !== "." && !statOf(onDisk(roots.upper, at)); ) {
    at = dirname(at);
    if (at !== "." && (isLate(at) || seenOf(seen, at) !== undefined)) return true;
  }
  return false;
}

/**
 * Newer than what the layer holds for it, or for the nearest folder above it (deleted or made anew as a whole). A kernel's tick
 * is some milliseconds: the same tick may already be the person's.
 */
function isNewer(roots: Roots, path: string): boolean {
  const original = statOf(onDisk(roots.original, path));
  if (!original || original.isDirectory()) return false;
  for (let at = path; at !== "."; at = dirname(at)) {
    const stat = statOf(onDisk(roots.upper, at));
    if (stat) return original.mtimeNs >= stat.birthtimeNs || original.ctimeNs >= stat.birthtimeNs;
  }
  return false;
}
