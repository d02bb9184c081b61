/** What the doctor reads of this machine. Only read after a try failed: a setting explains a refusal, it never replaces the try. */
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { release } from "node:os";
import { dirname, join } from "node:path";
import type { Problem } from "../../protocol/problem.ts";
import { bubblewrapVersion, readFeatures, type Lack } from "./features.ts";

export interface Machine {
  platform: NodeJS.Platform;
  root: boolean;
  kernel: string;
  /** The version that bubblewrap itself names, or undefined where it is not there or does not start. */
  bubblewrap: string | undefined;
  /** What the plan does in another way, because this bubblewrap lacks the option. */
  lacks: readonly Lack[];
  /** Why this bubblewrap is not used at all. */
  refused: Problem | undefined;
  /** Our launcher, for the AppArmor profile that names it; undefined where nobody asked with a program. */
  launcher: string | undefined;
  exists(path: string): boolean;
  /** A setting's text without its line end, or undefined. */
  read(path: string): string | undefined;
  /** The kind of file system that a path lies on, by the kernel's number. */
  filesystem(path: string): number | undefined;
}

export function readMachine(dist?: string): Machine {
  const features = process.platform === "linux" ? readFeatures() : undefined;
  const there = existsSync("/usr/bin/bwrap");
  return {
    platform: process.platform, root: process.getuid?.() === 0, kernel: release(), exists: existsSync, read: readSetting, filesystem: readKind,
    bubblewrap: there ? bubblewrapVersion() : undefined,
    lacks: features?.ok ? features.value.lacks : [], refused: features && !features.ok ? features.problem : undefined,
    launcher: dist === undefined ? undefined : join(dist, "launcher/bulkhead-launcher"),
  };
}

/** Where the AppArmor profile of this copy of the program is: beside dist. */
export const profileOf = (launcher: string): string => join(dirname(launcher), "../../native-profiles/apparmor/bulkhead-launcher.abi-4.0");

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function readKind(path: string): number | undefined {
  try {
    return statfsSync(path).type;
  } catch {
    return undefined;
  }
}
