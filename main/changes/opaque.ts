/**
 * The folders of a layer that hide what is below them (a folder deleted and made anew). That mark is an extended attribute, which
 * Node cannot read: tar, inside this same container, prints it.
 */
import { spawnSync } from "node:child_process";
import { nameOf, namesIn, onDisk, statOf, type Roots } from "./entry.ts";
import { isTooDeep } from "./depth.ts";

const most = 100_000;

export function opaqueFolders(roots: Roots): Set<string> {
  const both: string[] = [];
  const isFolder = (root: string, path: string): boolean => statOf(onDisk(root, path))?.isDirectory() === true;
  const collect = (folder: string): void => {
    for (const name of namesIn(onDisk(roots.upper, folder), most) ?? []) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (isTooDeep(path) || both.length >= most || !isFolder(roots.upper, path) || !isFolder(roots.original, path)) continue;
      both.push(path);
      collect(path);
    }
  };
  collect("");
  if (both.length === 0) return new Set();
  const { stdout, error } = spawnSync("/usr/bin/tar", ["--format=pax", "--xattrs", "--xattrs-include=user.overlay.opaque", "--no-recursion", "--null", "--verbatim-files-from", "-C", roots.upper, "-cf", "-", "-T", "-"], {
    // A leading dot: a name that begins with a dash stays a name.
    input: Buffer.concat(both.flatMap((path) => [Buffer.from(onDisk(".", path)), Buffer.alloc(1)])), maxBuffer: 1 << 30, stdio: ["pipe", "pipe", "ignore"],
  });
  // It also fails for one folder that the agent closed: that one is refused whole, the others are told.
  if (error) throw error;
  return readOpaque(stdout);
}

/** Walks the headers of a pax archive of folders: an extended header with the mark belongs to the folder after it. */
function readOpaque(archive: Buffer): Set<string> {
  const marked = new Set<string>();
  let attributes = new Map<string, Buffer>();
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const field = (start: number, length: number): Buffer => {
      const bytes = archive.subarray(at + start, at + start + length);
      const end = bytes.indexOf(0);
      return end < 0 ? bytes : bytes.subarray(0, end);
    };
    const size = Number.parseInt(field(124, 12).toString("latin1").trim() || "0", 8);
    if (field(156, 1).toString("latin1") === "x") attributes = readPax(archive.subarray(at + 512, at + 512 + size));
    else {
      const prefix = field(345, 155);
      const name = attributes.get("path") ?? (prefix.length > 0 ? Buffer.concat([prefix, Buffer.from("/"), field(0, 100)]) : field(0, 100));
      if (attributes.get("SCHILY.xattr.user.overlay.opaque")?.toString("latin1") === "y") marked.add(nameOf(name).replace(/^\.\//, "").replace(/\/$/, ""));
      attributes = new Map();
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return marked;
}

/** Records of «length key=value\n», by their length: a name may itself hold a line break. */
function readPax(body: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.toString("latin1", at, space));
    const equals = body.indexOf(0x3d, space);
    if (space < 0 || equals < 0 || !(length > 0)) break;
    found.set(body.toString("latin1", space + 1, equals), body.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return found;
}
