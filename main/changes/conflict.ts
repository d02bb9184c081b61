/** Whether the person changed an original since the agent worked on it. Times that a program can set (mtime) never decide alone. */
import { dirname } from "node:path";
import { statOf, type LayerChange, type Roots } from "./entry.ts";

/** An original as it stood when its change was first listed: path → identity. Kept by the host, never where the agent writes. */
export type Seen = { [path: string]: string };

/** One file's identity: another file, another size or any write since gives another text. */
export function identityOf(roots: Roots, path: string): string {
  const stat = statOf(`${roots.original}/${path}`);
  if (!stat) return "absent";
  return stat.isDirectory() ? "folder" : `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

export function isConflict(roots: Roots, change: LayerChange, seen: Seen): boolean {
  const source = change.from ?? change.path;
  const original = statOf(`${roots.original}/${source}`);
  if (change.from && statOf(`${roots.original}/${change.path}`)) return true;
  const before = Object.hasOwn(seen, source) ? seen[source] : undefined;
  if (before !== undefined && before !== identityOf(roots, source)) return true;
  if (!original || original.isDirectory()) return false;
  // File systems count in ticks of some milliseconds: the same tick may already be the person's.
  const touched = firstTouch(roots, source);
  return touched !== undefined && (original.mtimeNs >= touched || original.ctimeNs >= touched);
}

/**
 * When the agent first touched `path`: the birth of what the layer holds for it, or for the nearest folder above it (deleted or made
 * anew as a whole). The kernel gives every deletion of one mount the same inode, so its change time says nothing about one of them;
 * its birth is the first deletion, and that errs towards a conflict.
 */
function firstTouch(roots: Roots, path: string): bigint | undefined {
  for (let at = path; at !== "."; at = dirname(at)) {
    const stat = statOf(`${roots.upper}/${at}`);
    if (stat) return stat.birthtimeNs;
  }
  return undefined;
}
