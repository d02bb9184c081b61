/**
 * The size of the staging layers on disk. Every look reads the disk's own counters only; the layers are walked (by du, which follows no link
 * and fears no depth) where those have grown by more than is allowed, so 2 million empty files cost a look nothing.
 */
import { execFile } from "node:child_process";
import { statfsSync, statSync } from "node:fs";
import { diskFloor, diskMargin, reach, type Bounds, type Reached } from "./limits.ts";
import type { Hidden } from "./measure.ts";

export interface StagingMeter {
  /** By the disk's counters alone: false means that nothing can be reached. `allowance` grows when a person lets it go on. */
  suspect(allowance: number): boolean;
  /** The truth, by walking; undefined means that nothing is reached. */
  measure(hidden: () => Hidden, allowance: number): Promise<Reached | undefined>;
  /** Free bytes above what must stay free. */
  room(): number;
}

const leastFiles = 10_000;

export function openStagingMeter(layers: readonly string[], bounds: Bounds): StagingMeter | undefined {
  const places = [...new Map(layers.map((layer) => [statSync(layer).dev, layer])).values()];
  if (places.length === 0) return undefined;
  // What was there before the start is added at the first walk.
  let base = { bytes: 0, files: 0 };
  let walked = false;
  let begin = places.map(read);
  const now = (): { free: number; freeFiles: number; bytes: number; files: number } => places.map(read).reduce((sum, counters, at) => ({
    free: Math.min(sum.free, counters.free), freeFiles: Math.min(sum.freeFiles, counters.freeFiles),
    bytes: sum.bytes + Math.max(0, counters.bytes - (begin[at]?.bytes ?? 0)), files: sum.files + Math.max(0, counters.files - (begin[at]?.files ?? 0)),
  }), { free: Infinity, freeFiles: Infinity, ...base });
  const scarce = ({ free, freeFiles }: { free: number; freeFiles: number }): boolean => free < diskFloor + diskMargin || freeFiles < leastFiles;
  return {
    room: () => now().free - diskFloor - diskMargin,
    suspect(allowance) {
      const found = now();
      return !walked || scarce(found) || found.bytes > bounds.stagingBytes * allowance || found.files > bounds.stagingFiles * allowance;
    },
    async measure(hidden, allowance) {
      const found = now();
      if (scarce(found) && found.bytes + found.files > 0) return found.free < diskFloor + diskMargin ? reach("disk-free", found.free, diskFloor) : { ...reach("disk-free", found.freeFiles, leastFiles), unit: "files" };
      begin = places.map(read);
      const real = await walk(layers);
      const open = hidden();
      // Where not all could be seen, the disk's own growth counts.
      const sure = real.sure && open.all;
      base = { bytes: sure ? real.bytes + open.disk : Math.max(real.bytes, found.bytes), files: sure ? real.files : Math.max(real.files, found.files) };
      walked = true;
      if (base.bytes > bounds.stagingBytes * allowance) return reach("staging-bytes", base.bytes, bounds.stagingBytes * allowance);
      return base.files > bounds.stagingFiles * allowance ? reach("staging-files", base.files, bounds.stagingFiles * allowance) : undefined;
    },
  };
}

interface Counters { bytes: number; files: number; free: number; freeFiles: number }

function read(place: string): Counters {
  const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(place);
  // btrfs and others make inodes as they need them and say 0.
  return { bytes: (blocks - bfree) * bsize, files: files - ffree, free: bavail * bsize, freeFiles: files === 0 ? Infinity : ffree };
}

/** `sure` is false where the agent left a folder that may not be read. */
async function walk(layers: readonly string[]): Promise<{ bytes: number; files: number; sure: boolean }> {
  const [bytes, files] = await Promise.all([du("-B1", layers), du("--inodes", layers)]);
  return { bytes: bytes.sum, files: files.sum, sure: bytes.sure && files.sure };
}

function du(unit: string, layers: readonly string[]): Promise<{ sum: number; sure: boolean }> {
  return new Promise((resolve) => {
    execFile("/usr/bin/du", ["-s", "-x", unit, "--", ...layers], { env: {}, cwd: "/", maxBuffer: 1 << 22 }, (error, stdout) =>
      resolve({ sure: !error, sum: String(stdout).split("\n").reduce((sum, line) => sum + Number(/^\d+/.exec(line)?.[0] ?? 0), 0) }));
  });
}
