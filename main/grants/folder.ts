/**
 * A folder on its way to the desk: links resolved first, then decided, then bound to its identity (device and inode).
 * A path that cannot be resolved is refused; it is never taken as it was written.
 */
import { isUtf8 } from "node:buffer";
import { accessSync, constants, lstatSync, opendirSync, realpathSync, readdirSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import type { FolderFacts } from "../../protocol/api.ts";
import type { Reason } from "../../protocol/event.ts";
import type { Grant } from "../../protocol/grant.ts";
import { done, failed, type Outcome, type Problem } from "../../protocol/problem.ts";
import { visible } from "../base/visible.ts";
import { forbiddenPlace } from "./forbidden.ts";

export interface GrantPlaces {
  home: string;
  own: readonly string[];
}

export interface CheckedFolder {
  path: string;
  device: string;
  inode: string;
}

const ways: { [code: string]: { reason: Reason; message: string } } = {
  ENOENT: { reason: "folder-missing", message: "There is no such folder." },
  ENOTDIR: { reason: "folder-not-a-folder", message: "A part of its path is a file." },
  EACCES: { reason: "folder-unreadable", message: "You may not read it." },
  ELOOP: { reason: "bad-path", message: "Its links lead in a circle." },
  ENAMETOOLONG: { reason: "bad-path", message: "Its path is too long." },
};

/** A refusal names its reason from the closed list, for the record. */
export type FolderOutcome<T> = { ok: true; value: T } | { ok: false; problem: Problem; reason: Reason };

function refuse(path: string, reason: Reason, message: string): FolderOutcome<never> {
  return { reason, ...failed("refused-folder", `The folder ${visible(path, 200)} cannot be handed over: ${message}`) };
}

/** Resolves and judges `path`. The value's path is real: no link in it. */
export function checkFolder(path: string, places: GrantPlaces): FolderOutcome<CheckedFolder> {
  if (path === "" || path.includes("\0") || !path.isWellFormed()) return refuse(path, "bad-path", "That is not a path.");
  let real: string;
  try {
    const bytes = realpathSync.native(resolve(path), { encoding: "buffer" });
    // As text such a path would be another one's.
    if (!isUtf8(bytes)) return refuse(path, "bad-path", "Its name is no valid text. Rename it first.");
    real = bytes.toString("utf8");
  } catch (error) {
    const way = ways[(error as NodeJS.ErrnoException).code ?? ""];
    return refuse(path, way?.reason ?? "bad-path", way?.message ?? "Its path cannot be resolved.");
  }
  if (/[\n\r]/.test(real)) return refuse(real, "bad-path", "Its name holds a line break. Rename it first.");
  const real_ = { home: safeReal(places.home), own: places.own.map(safeReal) };
  const place = forbiddenPlace(real, real_);
  if (place) return refuse(real, place.reason, place.message);
  const found = lstatSync(real, { bigint: true, throwIfNoEntry: false });
  if (!found) return refuse(real, "folder-missing", "There is no such folder.");
  if (!found.isDirectory()) return refuse(real, "folder-not-a-folder", "It is a file, not a folder.");
  try {
    accessSync(real, constants.R_OK | constants.X_OK);
  } catch {
    return refuse(real, "folder-unreadable", "You may not read it.");
  }
  const value = { path: real, device: found.dev.toString(), inode: found.ino.toString() };
  // What was judged above is what was found: nothing on the way was swapped meanwhile.
  return sameFolder(value) ? { ok: true, value } : refuse(real, "bad-path", "It changed while it was looked at.");
}

function safeReal(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** Whether the very folder that was granted still stands at its path. */
export function sameFolder(grant: Pick<Grant, "path" | "device" | "inode">): boolean {
  try {
    const found = lstatSync(grant.path, { bigint: true });
    return found.isDirectory() && found.dev.toString() === grant.device && found.ino.toString() === grant.inode && realpathSync.native(grant.path) === grant.path;
  } catch {
    return false;
  }
}

const mostEntries = 10_000;
const sensitiveNames = /^(?:\.env(?:\..+)?|.*\.(?:pem|key|p12|pfx|kdbx|keystore|jks|mbox|pst|ost|ovpn|asc|gpg)|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.htpasswd|credentials(?:\.json)?|secrets?\.(?:json|ya?ml|toml)|wallet\.dat|(?:.*[-_ ])?passwords?\..+)$/i;

/** What the card shows: counts without following links, and names that look sensitive. Contents are never read. */
export async function folderFacts(path: string, places: GrantPlaces): Promise<FolderFacts> {
  const checked = checkFolder(path, places);
  const facts: FolderFacts = { path: checked.ok ? checked.value.path : path, name: basename(path) || path, files: 0, bytes: 0, counted: true, sensitive: [] };
  if (!checked.ok) return { ...facts, problem: checked.problem };
  facts.name = basename(checked.value.path);
  const waiting = [checked.value.path];
  let seen = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of entriesOf(folder)) {
      if (++seen > mostEntries) return { ...facts, counted: false };
      const at = join(folder, entry.name);
      if (sensitiveNames.test(entry.name) && facts.sensitive.length < 20) facts.sensitive.push(at.slice(checked.value.path.length + 1));
      if (entry.isDirectory()) waiting.push(at);
      else if (entry.isFile()) {
        facts.files++;
        facts.bytes += sizeOf(at);
      }
    }
    if (seen % 500 < 20) await new Promise((next) => setImmediate(next));
  }
  return facts;
}

function entriesOf(folder: string): { name: string; isDirectory(): boolean; isFile(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function sizeOf(path: string): number {
  try {
    return lstatSync(path).size;
  } catch {
    return 0;
  }
}

type Browsed = { path: string; parent?: string; entries: { name: string; path: string; folder: boolean }[] };

/** The folders at `path`, for the page's picker: names only, hidden ones left out, at most 1,000. */
export function browse(path: string): Outcome<Browsed> {
  if (!isAbsolute(path) || path.includes("\0") || !path.isWellFormed()) return failed("bad-input", "That is not the path of a folder.");
  try {
    const real = realpathSync.native(path);
    const directory = opendirSync(real);
    const entries: Browsed["entries"] = [];
    for (let entry = directory.readSync(); entry && entries.length < 1000; entry = directory.readSync()) {
      if (entry.isDirectory() && !entry.name.startsWith(".")) entries.push({ name: entry.name, path: join(real, entry.name), folder: true });
    }
    directory.closeSync();
    entries.sort((a, b) => a.name.localeCompare(b.name));
    return done({ path: real, ...(real === "/" ? {} : { parent: dirname(real) }), entries });
  } catch (error) {
    return failed("not-found", `The folder ${visible(path, 200)} cannot be shown: ${ways[(error as NodeJS.ErrnoException).code ?? ""]?.message ?? "it cannot be read."}`);
  }
}
