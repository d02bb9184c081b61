/**
 * Reads one staging layer: what an overlay's upper directory says about the original below it. Runs inside a contained process
 * that sees that folder and its layer and nothing else. Links are never followed; nothing here writes.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, constants, openSync, readSync, readdirSync, readlinkSync, type BigIntStats } from "node:fs";
import { isWhiteout, statOf, type LayerChange, type Roots } from "./entry.ts";
import { isHookSample, protectedRule, runsLater } from "./protected.ts";
import { repositoryRule } from "./repository.ts";

const deepest = 200;

export function listLayer(roots: Roots): LayerChange[] {
  const found: LayerChange[] = [];
  const opaque = opaqueFolders(roots);
  walk({ roots, found, opaque }, "", 0);
  const renamed = pairRenames(roots, found);
  return renamed.filter((change) => !isHookSample(change.path)).map((change) => judge(roots, change)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function judge(roots: Roots, change: LayerChange): LayerChange {
  const named = (path: string): string | undefined => protectedRule(path) ?? repositoryRule(roots, path, change.kind);
  const rule = change.protectedBy ?? named(change.path) ?? (change.from === undefined ? undefined : named(change.from));
  return { ...change, ...(rule ? { protectedBy: rule } : {}), ...(runsLater(change.path) ? { runs: true } : {}) };
}

interface Walk {
  roots: Roots;
  found: LayerChange[];
  opaque: Set<string>;
}

const join = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/** The names in a folder; undefined where it cannot be read: the agent may take every right from a folder of its own. */
function namesIn(path: string): string[] | undefined {
  try {
    return readdirSync(path);
  } catch {
    return undefined;
  }
}

function walk(walking: Walk, folder: string, depth: number): void {
  const { roots, found, opaque } = walking;
  if (depth > deepest) return void found.push({ path: folder, change: "created", kind: "special", bytes: 0, protectedBy: "it lies too deep" });
  const names = namesIn(`${roots.upper}/${folder}`);
  if (!names) return void found.push({ path: folder, change: "created", kind: "special", bytes: 0, protectedBy: "the agent took the right to read it" });
  for (const name of names) visit(walking, join(folder, name), depth);
  if (!opaque.has(folder)) return;
  const here = new Set(names);
  for (const name of originalNames(roots, folder)) if (!here.has(name)) deleteAll(walking, join(folder, name), depth);
}

function originalNames(roots: Roots, folder: string): string[] {
  return statOf(`${roots.original}/${folder}`)?.isDirectory() ? (namesIn(`${roots.original}/${folder}`) ?? []) : [];
}

function visit(walking: Walk, path: string, depth: number): void {
  const { roots, found } = walking;
  const upper = statOf(`${roots.upper}/${path}`);
  // A name that is no valid text cannot be opened by the name that was read.
  if (!upper) return void found.push({ path, change: "created", kind: "special", bytes: 0, protectedBy: "its name is no valid text" });
  const original = statOf(`${roots.original}/${path}`);
  if (isWhiteout(upper)) return original ? deleteAll(walking, path, depth) : undefined;
  if (upper.isDirectory()) {
    if (original && !original.isDirectory()) found.push({ path, change: "edited", kind: "folder", bytes: 0 });
    else if (!original && namesIn(`${roots.upper}/${path}`)?.length === 0) found.push({ path, change: "created", kind: "folder", bytes: 0 });
    return walk(walking, path, depth + 1);
  }
  const kind = upper.isFile() ? "file" : upper.isSymbolicLink() ? "link" : "special";
  if (original && sameContent(roots, path, { upper, original })) return;
  if (original?.isDirectory()) for (const name of originalNames(roots, path)) deleteAll(walking, join(path, name), depth + 1);
  const special = kind === "special" ? { protectedBy: "it is a device, socket or pipe" } : {};
  found.push({ path, change: original ? "edited" : "created", kind, bytes: kind === "file" ? Number(upper.size) : 0, ...special });
}

function deleteAll(walking: Walk, path: string, depth: number): void {
  const { roots, found } = walking;
  const original = statOf(`${roots.original}/${path}`);
  if (!original || depth > deepest) return;
  const kind = original.isDirectory() ? "folder" : original.isFile() ? "file" : original.isSymbolicLink() ? "link" : "special";
  found.push({ path, change: "deleted", kind, bytes: 0 });
  if (kind === "folder") for (const name of originalNames(roots, path)) deleteAll(walking, join(path, name), depth + 1);
}

/** An open for writing copies a file up without changing it: that is no change. */
function sameContent(roots: Roots, path: string, stats: { upper: BigIntStats; original: BigIntStats }): boolean {
  const { upper, original } = stats;
  if (upper.isSymbolicLink() && original.isSymbolicLink()) return readlinkSync(`${roots.upper}/${path}`) === readlinkSync(`${roots.original}/${path}`);
  if (!upper.isFile() || !original.isFile() || upper.size !== original.size || (upper.mode & 0o777n) !== (original.mode & 0o777n)) return false;
  if (upper.mtimeNs === original.mtimeNs) return true;
  return sameHash(`${roots.upper}/${path}`, `${roots.original}/${path}`);
}

/** Undefined where it cannot be read: equal to nothing. */
function hashOf(path: string): string | undefined {
  try {
    return readHash(path);
  } catch {
    return undefined;
  }
}

function readHash(path: string): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

function sameHash(one: string, other: string): boolean {
  const hash = hashOf(one);
  return hash !== undefined && hash === hashOf(other);
}

/** A rename reaches the layer as new path + whiteout. Size and modification time (kept to the nanosecond by a copy-up) propose, the content decides. */
function pairRenames(roots: Roots, found: readonly LayerChange[]): LayerChange[] {
  const gone = new Map<string, LayerChange[]>();
  for (const change of found) {
    const stat = change.change === "deleted" && change.kind === "file" ? statOf(`${roots.original}/${change.path}`) : undefined;
    if (!stat || stat.size === 0n) continue;
    const key = `${stat.size} ${stat.mtimeNs}`;
    gone.set(key, [...(gone.get(key) ?? []), change]);
  }
  const taken = new Set<LayerChange>();
  const paired = found.map((change): LayerChange => {
    if (change.change !== "created" || change.kind !== "file") return change;
    const stat = statOf(`${roots.upper}/${change.path}`);
    const old = gone.get(`${stat?.size} ${stat?.mtimeNs}`)?.find((one) => !taken.has(one) && sameHash(`${roots.original}/${one.path}`, `${roots.upper}/${change.path}`));
    if (!old) return change;
    taken.add(old);
    return { ...change, change: "renamed", from: old.path };
  });
  return paired.filter((change) => !taken.has(change));
}

/**
 * The folders that hide what is below them (a folder deleted and made anew). That mark is an extended attribute, which Node
 * cannot read: tar, inside this same container, prints it.
 */
function opaqueFolders(roots: Roots): Set<string> {
  const both: string[] = [];
  const collect = (folder: string, depth: number): void => {
    for (const name of namesIn(`${roots.upper}/${folder}`) ?? []) {
      const path = join(folder, name);
      if (depth > deepest || !statOf(`${roots.upper}/${path}`)?.isDirectory() || !statOf(`${roots.original}/${path}`)?.isDirectory()) continue;
      both.push(path);
      collect(path, depth + 1);
    }
  };
  collect("", 1);
  if (both.length === 0) return new Set();
  const archive = execFileSync("/usr/bin/tar", ["--format=pax", "--xattrs", "--xattrs-include=user.overlay.opaque", "--no-recursion", "--null", "--verbatim-files-from", "-C", roots.upper, "-cf", "-", "-T", "-"], {
    input: both.join("\0"), maxBuffer: 1 << 30, stdio: ["pipe", "pipe", "ignore"],
  });
  return readOpaque(archive);
}

/** Walks the headers of a pax archive of folders: an extended header with the mark belongs to the folder after it. */
function readOpaque(archive: Buffer): Set<string> {
  const marked = new Set<string>();
  let opaque = false;
  let longName: string | undefined;
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const field = (start: number, length: number): string => archive.toString("utf8", at + start, at + start + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(field(124, 12).trim() || "0", 8);
    const type = field(156, 1);
    const body = archive.toString("utf8", at + 512, at + 512 + size);
    if (type === "x") {
      opaque = /\d+ SCHILY\.xattr\.user\.overlay\.opaque=y\n/.test(body);
      longName = /\d+ path=([^\n]*)\n/.exec(body)?.[1];
    } else {
      const prefix = field(345, 155);
      const name = longName ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100));
      if (opaque) marked.add(name.replace(/\/$/, ""));
      opaque = false;
      longName = undefined;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return marked;
}
