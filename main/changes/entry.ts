/** One entry of a layer or of the original below it: its change, its name, and how it is looked at. Links are never followed. */
import { isUtf8 } from "node:buffer";
import { lstatSync, opendirSync, type BigIntStats } from "node:fs";

export interface LayerChange {
  /** Relative to the granted folder. */
  path: string;
  from?: string;
  change: "created" | "edited" | "deleted" | "renamed";
  kind: "file" | "folder" | "link" | "special";
  bytes: number;
  protectedBy?: string;
  runs?: boolean;
}

export interface Roots {
  original: string;
  upper: string;
}

/**
 * A place on disk. A name that is no valid UTF-8 travels as text whose odd bytes are lone surrogates: no valid name can hold one,
 * so no two names share a text. Here they become bytes again; a plain string would lead to another file.
 */
export function onDisk(root: string, path: string): string | Buffer {
  const whole = path === "" ? root : `${root}/${path}`;
  if (whole.isWellFormed()) return whole;
  return Buffer.concat(Array.from(whole, (letter) => (letter.isWellFormed() ? Buffer.from(letter) : Buffer.of(letter.charCodeAt(0) & 0xff))));
}

export function nameOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString("utf8") : Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join("");
}

/** At most `most` names in a folder; undefined where it cannot be read: the agent may take every right from a folder of its own. */
export function namesIn(path: string | Buffer, most = Infinity): string[] | undefined {
  try {
    // The types know no such encoding here; the names come as bytes.
    const directory = opendirSync(path as string, { encoding: "buffer" as BufferEncoding, bufferSize: 1024 });
    const names: string[] = [];
    try {
      for (let entry = directory.readSync(); entry && names.length < most; entry = directory.readSync()) names.push(nameOf(entry.name as unknown as Buffer));
    } finally {
      directory.closeSync();
    }
    return names;
  } catch {
    return undefined;
  }
}

export function statOf(path: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** A deletion in an overlay: a character device numbered 0:0. */
export const isWhiteout = (stat: BigIntStats): boolean => stat.isCharacterDevice() && stat.rdev === 0n;

/** A file that claims far more bytes than it has on disk: reading it to its end would take for ever. */
export const isHollow = (stat: BigIntStats): boolean => stat.isFile() && stat.size > 1n << 26n && stat.blocks * 512n * 16n < stat.size;
