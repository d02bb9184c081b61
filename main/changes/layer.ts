/**
 * Reads one staging layer: what an overlay's upper directory says about the original below it. Runs inside a contained process
 * that sees that folder and its layer and nothing else. Links are never followed; nothing here writes.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, openSync, readSync, readlinkSync, type BigIntStats } from "node:fs";
import { isTooDeep } from "./depth.ts";
import { isHollow, isWhiteout, namesIn, onDisk, statOf, type LayerChange, type Roots } from "./entry.ts";
import { isHookSample, protectedRule, runsLater } from "./protected.ts";
import { repositoryRules } from "./repository.ts";

/** More would fill the memory of every process that shows them. */
export const mostListed = 100_000;

/** `opaque`: the folders that hide what is below them. */
export function listLayer(roots: Roots, opaque: Set<string>): LayerChange[] {
  const found: LayerChange[] = [];
  walk({ roots, found, opaque }, "");
  const beside = repositoryRules(roots);
  return pairRenames(roots, found).filter((change) => !isHookSample(change.path)).map((change) => judge(roots, beside, change)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function judge(roots: Roots, beside: ReturnType<typeof repositoryRules>, change: LayerChange): LayerChange {
  const named = (path: string): string | undefined => protectedRule(path) ?? beside({ ...change, path });
  const rule = change.protectedBy ?? named(change.path) ?? (change.from === undefined ? undefined : named(change.from));
  return { ...change, ...(rule ? { protectedBy: rule } : {}), ...(runsLater(change.path) || becomesProgram(roots, change) ? { runs: true } : {}) };
}

/** A file that may be started now and could not before. */
function becomesProgram(roots: Roots, change: LayerChange): boolean {
  const mode = (root: string, path: string): bigint => {
    const stat = statOf(onDisk(root, path));
    return stat?.isFile() ? stat.mode & 0o111n : 0n;
  };
  return change.change !== "deleted" && mode(roots.upper, change.path) !== 0n && mode(roots.original, change.from ?? change.path) === 0n;
}

interface Walk {
  roots: Roots;
  found: LayerChange[];
  opaque: Set<string>;
  full?: boolean;
}

const join = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);
const refused = (path: string, protectedBy: string): LayerChange => ({ path, change: "created", kind: "special", bytes: 0, protectedBy });

/** Whether one more may be listed; the first that may not says so. */
function hasRoom(walking: Walk, path: string): boolean {
  if (walking.full) return false;
  if (walking.found.length < mostListed) return true;
  walking.full = true;
  walking.found.push(refused(path, "there is more than can be listed: settle what is listed first"));
  return false;
}

function walk(walking: Walk, folder: string): void {
  const { roots, found, opaque } = walking;
  if (isTooDeep(folder)) return void found.push(refused(folder, "it lies too deep"));
  const names = namesIn(onDisk(roots.upper, folder), mostListed + 1);
  if (!names) return void found.push(refused(folder, "the agent took the right to read it"));
  for (const name of names) {
    if (!hasRoom(walking, join(folder, name))) return;
    visit(walking, join(folder, name));
  }
  if (!opaque.has(folder)) return;
  const here = new Set(names);
  for (const name of originalNames(roots, folder)) if (!here.has(name)) deleteAll(walking, join(folder, name));
}

function originalNames(roots: Roots, folder: string): string[] {
  return statOf(onDisk(roots.original, folder))?.isDirectory() ? (namesIn(onDisk(roots.original, folder)) ?? []) : [];
}

const notText = "its name is no valid text";
const kindOf = (stat: BigIntStats): LayerChange["kind"] => (stat.isDirectory() ? "folder" : stat.isFile() ? "file" : stat.isSymbolicLink() ? "link" : "special");

function visit(walking: Walk, path: string): void {
  const { roots, found } = walking;
  const upper = statOf(onDisk(roots.upper, path));
  if (isTooDeep(path)) return void found.push(refused(path, "it lies too deep"));
  if (!upper) return void found.push(refused(path, "it cannot be looked at"));
  const original = statOf(onDisk(roots.original, path));
  if (isWhiteout(upper)) return original ? deleteAll(walking, path) : undefined;
  if (!path.isWellFormed()) return void found.push({ path, change: original ? "edited" : "created", kind: kindOf(upper), bytes: 0, protectedBy: notText });
  if (upper.isDirectory()) {
    if (original && !original.isDirectory()) found.push({ path, change: "edited", kind: "folder", bytes: 0 });
    else if (!original && namesIn(onDisk(roots.upper, path), 1)?.length === 0) found.push({ path, change: "created", kind: "folder", bytes: 0 });
    return walk(walking, path);
  }
  const kind = kindOf(upper);
  if (original && sameContent(roots, path, { upper, original })) return;
  if (original?.isDirectory()) for (const name of originalNames(roots, path)) deleteAll(walking, join(path, name));
  const held = kind === "special" ? "it is a device, socket or pipe" : isHollow(upper) || (original && isHollow(original)) ? "it claims far more bytes than it holds" : undefined;
  found.push({ path, change: original ? "edited" : "created", kind, bytes: kind === "file" ? Number(upper.size) : 0, ...(held ? { protectedBy: held } : {}) });
}

function deleteAll(walking: Walk, path: string): void {
  const { roots, found } = walking;
  const original = statOf(onDisk(roots.original, path));
  if (!original || isTooDeep(path) || !hasRoom(walking, path)) return;
  const kind = kindOf(original);
  const held = !path.isWellFormed() ? notText : isHollow(original) ? "it claims far more bytes than it holds: what stood there could not be kept" : undefined;
  found.push({ path, change: "deleted", kind, bytes: 0, ...(held ? { protectedBy: held } : {}) });
  if (kind === "folder") for (const name of originalNames(roots, path)) deleteAll(walking, join(path, name));
}

/** An open for writing copies a file up without changing it: that is no change. */
function sameContent(roots: Roots, path: string, stats: { upper: BigIntStats; original: BigIntStats }): boolean {
  const { upper, original } = stats;
  if (upper.isSymbolicLink() && original.isSymbolicLink()) return readlinkSync(onDisk(roots.upper, path), "buffer").equals(readlinkSync(onDisk(roots.original, path), "buffer"));
  if (!upper.isFile() || !original.isFile() || upper.size !== original.size || (upper.mode & 0o777n) !== (original.mode & 0o777n)) return false;
  if (upper.mtimeNs === original.mtimeNs) return true;
  return !isHollow(upper) && sameHash(onDisk(roots.upper, path), onDisk(roots.original, path));
}

/** Undefined where it cannot be read: equal to nothing. */
function hashOf(path: string | Buffer): string | undefined {
  try {
    return readHash(path);
  } catch {
    return undefined;
  }
}

function readHash(path: string | Buffer): string {
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

function sameHash(one: string | Buffer, other: string | Buffer): boolean {
  const hash = hashOf(one);
  return hash !== undefined && hash === hashOf(other);
}

/** A rename reaches the layer as new path + whiteout. Size and modification time (kept to the nanosecond by a copy-up) propose, the content decides. */
function pairRenames(roots: Roots, found: readonly LayerChange[]): LayerChange[] {
  const gone = new Map<string, LayerChange[]>();
  for (const change of found) {
    const stat = change.change === "deleted" && change.kind === "file" ? statOf(onDisk(roots.original, change.path)) : undefined;
    if (!stat || stat.size === 0n || isHollow(stat)) continue;
    const key = `${stat.size} ${stat.mtimeNs}`;
    gone.set(key, [...(gone.get(key) ?? []), change]);
  }
  const taken = new Set<LayerChange>();
  const paired = found.map((change): LayerChange => {
    if (change.change !== "created" || change.kind !== "file" || change.protectedBy !== undefined) return change;
    const stat = statOf(onDisk(roots.upper, change.path));
    const old = gone.get(`${stat?.size} ${stat?.mtimeNs}`)?.find((one) => !taken.has(one) && sameHash(onDisk(roots.original, one.path), onDisk(roots.upper, change.path)));
    if (!old) return change;
    taken.add(old);
    return { ...change, change: "renamed", from: old.path };
  });
  return paired.filter((change) => !taken.has(change));
}
