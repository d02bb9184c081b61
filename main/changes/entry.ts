/** One entry of a layer or of the original below it: its change, and how it is looked at. Links are never followed. */
import { lstatSync, type BigIntStats } from "node:fs";

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

export function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** A deletion in an overlay: a character device numbered 0:0. */
export const isWhiteout = (stat: BigIntStats): boolean => stat.isCharacterDevice() && stat.rdev === 0n;
