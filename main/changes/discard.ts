/** Discards staged changes of one layer, and removes from it what holds nothing any more. Runs in the contained process; the original is only looked at. */
import { rmdirSync, unlinkSync } from "node:fs";
import { removeTree } from "../base/removeTree.ts";
import { isTooDeep } from "./depth.ts";
import { isWhiteout, namesIn, onDisk, statOf, type LayerChange, type Roots } from "./entry.ts";

export interface Settled {
  applied: LayerChange[];
  refused: { path: string; reason: string }[];
}

export function discardChanges(places: Roots, changes: readonly LayerChange[], everything: boolean): Settled {
  if (everything) {
    for (const name of namesIn(places.upper) ?? []) removeTree(onDisk(places.upper, name));
    return { applied: [...changes], refused: [] };
  }
  const settled: Settled = { applied: [], refused: [] };
  for (const change of changes) {
    const marked = change.from ?? (change.change === "deleted" ? change.path : undefined);
    if (marked !== undefined && !statOf(onDisk(places.upper, marked))) {
      settled.refused.push({ path: change.path, reason: "its whole folder was deleted or replaced: discard that folder's changes together" });
      continue;
    }
    if (change.change !== "deleted") removeTree(onDisk(places.upper, change.path));
    if (marked !== undefined) dropWhiteout(places, marked);
    settled.applied.push(change);
  }
  sweep(places);
  return settled;
}

export function dropWhiteout(places: Roots, path: string): void {
  const mark = statOf(onDisk(places.upper, path));
  if (mark && isWhiteout(mark)) unlinkSync(onDisk(places.upper, path));
}

/** Removes folders of the layer that hold nothing any more, and marks whose original is gone. What cannot be looked into stays: sweeping never undoes a report. */
export function sweep(places: Roots): void {
  const gone = (path: string): boolean => {
    const stat = statOf(onDisk(places.upper, path));
    if (!stat || isTooDeep(path)) return false;
    const original = statOf(onDisk(places.original, path));
    try {
      if (stat.isDirectory()) {
        if (!empties(path) || !original?.isDirectory()) return false;
        rmdirSync(onDisk(places.upper, path));
      } else if (isWhiteout(stat) && !original) unlinkSync(onDisk(places.upper, path));
      else return false;
      return true;
    } catch {
      return false;
    }
  };
  const empties = (folder: string): boolean => {
    const names = namesIn(onDisk(places.upper, folder));
    return names !== undefined && names.map((name) => gone(folder === "" ? name : `${folder}/${name}`)).every(Boolean);
  };
  empties("");
}
