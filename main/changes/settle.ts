/**
 * Applies or discards staged changes of one layer. Runs in the contained process of layer.ts. Files are written beside and renamed
 * into place; what was there before is kept first. Anything that does not fit is left staged, with the reason.
 */
import { closeSync, constants, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync, writeSync } from "node:fs";
import { dirname, posix } from "node:path";
import { randomBytes } from "node:crypto";
import { isConflict, type Seen } from "./conflict.ts";
import { copyWhole } from "./copy.ts";
import { dropWhiteout, sweep, type Settled } from "./discard.ts";
import { statOf, type LayerChange, type Roots } from "./entry.ts";
import { inertGitConfig } from "./protected.ts";

interface Places extends Roots {
  /** Where pre-images go; a journal line names each before the original is touched. */
  kept: string;
  seen: Seen;
}

/** Files first, then deletions of folders from the deepest up, then what takes the place of a whole folder. */
function order(places: Roots, change: LayerChange): number {
  if (change.change === "deleted") return change.kind === "folder" ? 1e6 - change.path.split("/").length : 0;
  return change.kind !== "folder" && statOf(`${places.original}/${change.path}`)?.isDirectory() ? 2e6 : 0;
}

export function applyChanges(places: Places, changes: readonly LayerChange[]): Settled {
  const settled: Settled = { applied: [], refused: [] };
  const journal = openSync(`${places.kept}/journal.jsonl`, constants.O_CREAT | constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);
  let number = readdirSync(places.kept).length;
  const keep = (path: string): void => {
    const stat = statOf(`${places.original}/${path}`);
    const name = stat?.isFile() ? `${number++}` : undefined;
    if (name) copyWhole(`${places.original}/${path}`, `${places.kept}/${name}`);
    const link = stat?.isSymbolicLink() ? readlinkSync(`${places.original}/${path}`) : undefined;
    writeSync(journal, `${JSON.stringify({ path, pre: name ?? null, link, mode: stat ? Number(stat.mode) : null, mtimeNs: stat?.mtimeNs.toString() })}\n`);
    fsyncSync(journal);
  };
  try {
    const ordered = changes.map((change) => ({ change, at: order(places, change) })).sort((a, b) => a.at - b.at);
    for (const { change } of ordered) {
      try {
        const reason = refusal(places, change);
        if (reason) settled.refused.push({ path: change.path, reason });
        else {
          if (change.from) keep(change.from);
          keep(change.path);
          applyOne(places, change);
          settled.applied.push(change);
        }
      } catch (error) {
        settled.refused.push({ path: change.path, reason: said(error) });
        if ((error as NodeJS.ErrnoException).code === "ENOSPC") break;
      }
    }
  } finally {
    closeSync(journal);
  }
  sweep(places);
  return settled;
}

function said(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const words: { [code: string]: string } = { ENOSPC: "the disk is full", EACCES: "you may not write there", EROFS: "the folder is read-only", ENOTEMPTY: "the folder there still holds something", EPERM: "the system refused it" };
  return words[code] ?? `it could not be done (${code || String(error)})`;
}

/** `.git/config` of a repository that the agent made anew is rewritten from inert keys; everything else under a protected name stays staged. A link there would lead git to a text of the agent's. */
const isNewGitConfig = (change: LayerChange): boolean => change.change === "created" && change.kind === "file" && change.bytes < 1 << 20 && /^(?:[^/]+\/)*\.git\/config$/.test(change.path);

function refusal(places: Places, change: LayerChange): string | undefined {
  // Nothing of such a name goes through a string: it would become another file's.
  if (!change.path.isWellFormed()) return `protected: ${change.protectedBy ?? "its name is no valid text"}`;
  if (change.protectedBy && !isNewGitConfig(change)) return `protected: ${change.protectedBy}`;
  const away = linkOnTheWay(places.original, change.path) ?? (change.from ? linkOnTheWay(places.original, change.from) : undefined);
  if (away) return `${away} is a link; links are not followed`;
  if (change.kind === "link" && leavesFolder(change.path, readlinkSync(`${places.upper}/${change.path}`))) return "the link leads out of the folder";
  return isConflict(places, change, places.seen) ? "conflict: you changed it since the agent did" : undefined;
}

function linkOnTheWay(root: string, path: string): string | undefined {
  const parts = path.split("/");
  for (let count = 1; count < parts.length; count++) {
    const part = parts.slice(0, count).join("/");
    if (statOf(`${root}/${part}`)?.isSymbolicLink()) return part;
  }
  return undefined;
}

/** `..` after a name is refused too: the name may itself be a link, and then the way back is another one. */
function leavesFolder(path: string, target: string): boolean {
  if (target.startsWith("/") || /(?:^|\/)(?!\.\.?\/)[^/]+\/(?:.*\/)?\.\.(?:\/|$)/.test(target)) return true;
  const at = posix.normalize(posix.join(posix.dirname(path), target));
  return at === ".." || at.startsWith("../");
}

function applyOne(places: Places, change: LayerChange): void {
  const original = `${places.original}/${change.path}`;
  const upper = `${places.upper}/${change.path}`;
  if (change.change === "deleted") {
    if (change.kind === "folder") rmdirSync(original);
    else unlinkSync(original);
    dropWhiteout(places, change.path);
    return;
  }
  makeFolders(places, dirname(change.path));
  if (change.kind === "folder") {
    if (statOf(original)) unlinkSync(original);
    mkdirSync(original, { mode: Number((statOf(upper)?.mode ?? 0o755n) & 0o777n) });
    return;
  }
  // Empty by now: its files were staged deletions and are applied first. One that still holds something stays.
  if (statOf(original)?.isDirectory()) rmdirSync(original);
  placeFile({ upper, original, rewrite: isNewGitConfig(change), link: change.kind === "link" });
  if (change.from) {
    unlinkSync(`${places.original}/${change.from}`);
    dropWhiteout(places, change.from);
  }
  unlinkSync(upper);
}

/** The folders on the way to a new file, each with the rights that the agent gave it. */
function makeFolders(places: Roots, folder: string): void {
  if (folder === "." || statOf(`${places.original}/${folder}`)) return;
  makeFolders(places, dirname(folder));
  mkdirSync(`${places.original}/${folder}`, { mode: Number((statOf(`${places.upper}/${folder}`)?.mode ?? 0o755n) & 0o777n) | 0o700 });
}

function placeFile({ upper, original, rewrite, link }: { upper: string; original: string; rewrite: boolean; link: boolean }): void {
  const beside = `${dirname(original)}/.bulkhead-${randomBytes(8).toString("hex")}`;
  try {
    if (link) symlinkSync(readlinkSync(upper), beside);
    else if (rewrite) writeFileSync(beside, inertGitConfig(readFileSync(upper, "utf8")), { flag: "wx", mode: 0o644 });
    else copyWhole(upper, beside);
    renameSync(beside, original);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
