/** The limits of one launch: what the spec says, and for what it leaves out a default that fits this machine. Pure. */
import { totalmem } from "node:os";
import type { LimitHit, LimitName } from "../../protocol/event.ts";
import type { Limits } from "../../protocol/sandboxSpec.ts";

const gib = 1024 ** 3;

/** Stays free on the disk that holds the staging layers, whatever a limit says. */
export const diskFloor = gib;
/** The watch acts this much earlier: what is written while it looks and ends. */
export const diskMargin = gib / 2;
export const defaultFileBytes = 16 * gib;

type Total = "processes" | "openFiles" | "privateBytes" | "memoryBytes" | "fileBytes" | "stagingBytes" | "stagingFiles";
export type Bounds = { [K in Total]: number } & { cpuSeconds: number | undefined; seconds: number | undefined };

export function boundLimits(limits: Limits, machine: { memory: number } = { memory: totalmem() }): Bounds {
  const { processes, openFiles, privateBytes, cpuSeconds, seconds } = limits;
  return {
    processes, openFiles, privateBytes, cpuSeconds, seconds,
    memoryBytes: limits.memoryBytes ?? Math.min(8 * gib, Math.max(2 * gib, Math.floor(machine.memory / 2))),
    fileBytes: limits.fileBytes ?? defaultFileBytes,
    stagingBytes: limits.stagingBytes ?? 20 * gib,
    stagingFiles: limits.stagingFiles ?? 1_000_000,
  };
}

const units: { [K in LimitName]: LimitHit["unit"] } = {
  processes: "processes", memory: "bytes", "cpu-time": "seconds", "wall-time": "seconds", "open-files": "files", "file-size": "bytes",
  "private-area": "bytes", "staging-bytes": "bytes", "staging-files": "files", "disk-free": "bytes",
};

/** What has been reached; what is done about it is decided by whoever can ask a person. */
export type Reached = Omit<LimitHit, "action">;

export const reach = (limit: LimitName, used: number, allowed: number): Reached => ({ limit, used: Math.max(0, used), allowed, unit: units[limit] });

/** A disk that fills can wait for a person; what eats memory or time cannot. */
export const canWait = (limit: LimitName): boolean => limit === "staging-bytes" || limit === "staging-files" || limit === "disk-free";

const amount = (count: number, unit: LimitHit["unit"]): string => (unit === "bytes" ? `${(count / 1e6).toFixed(0)} MB` : unit === "seconds" ? `${Number(count.toFixed(1))} s` : String(Math.round(count)));

const words: { [K in LimitName]: (used: string, allowed: string) => string } = {
  processes: (used, allowed) => `the limit on processes was hit (${used} of ${allowed}; --processes N)`,
  memory: (used, allowed) => `the limit on memory was hit (${used} of ${allowed}; --memory MB)`,
  "cpu-time": (used, allowed) => `the limit on CPU time was hit (${used} of ${allowed})`,
  "wall-time": (_, allowed) => `the wall time of ${allowed} was up`,
  "open-files": (used, allowed) => `the limit on open files was hit (${used} of ${allowed} in one process)`,
  "file-size": (_, allowed) => `the limit on the size of one file was hit (${allowed})`,
  "private-area": (used, allowed) => `a private area is full (${used} of ${allowed})`,
  "staging-bytes": (used, allowed) => `the limit on the size of staged changes was hit (${used} of ${allowed})`,
  "staging-files": (used, allowed) => `the limit on the number of staged files was hit (${used} of ${allowed})`,
  "disk-free": (used) => `the disk that holds staged changes is nearly full (${used} left)`,
};

/** One line for the command line. */
export const describeHit = (hit: LimitHit): string =>
  `${words[hit.limit](amount(hit.used, hit.unit), amount(hit.allowed, hit.unit))}${hit.action === "ended" ? "; everything inside was ended." : hit.action === "frozen" ? "; everything inside is paused." : "; the kernel gave no more."}`;
