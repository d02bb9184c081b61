/** Where things live: the XDG base directories, each folder 0700 and ours. Nothing of ours lives inside a folder that may be granted. */
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runDirectories, type RunPlace } from "./sweep.ts";

export interface Places {
  home: string;
  data: string;
  config: string;
  state: string;
  /** Where this process makes its run directory (sockets, mount point), and how that is named. */
  run: RunPlace;
  /** What of the run directories may never be granted. */
  runtime(): string[];
  /** The built program: launcher, seccomp filters, agent bundle, page. */
  dist: string;
  /** The Node 24 binary bound read-only into sandboxes. */
  node: string;
}

/** A unix socket's path may have 108 bytes on Linux, 104 on macOS; ours add at most 40 to the runtime directory. */
const longestRuntime = 60;

export function findPlaces(environment: NodeJS.ProcessEnv): Places {
  const home = homedir();
  const base = (variable: string, fallback: string): string => {
    const given = environment[variable];
    // The base directory specification: a relative path is invalid and is ignored.
    return own(join(given && isAbsolute(given) ? given : join(home, fallback), "bulkhead"));
  };
  const given = environment["XDG_RUNTIME_DIR"];
  const usable = given && isAbsolute(given) && Buffer.byteLength(given) <= longestRuntime;
  const run = usable ? { directory: own(join(given, "bulkhead")), prefix: "r-" } : { directory: Buffer.byteLength(tmpdir()) <= longestRuntime ? tmpdir() : "/tmp", prefix: "bulkhead-" };
  return {
    home, run,
    runtime: () => (usable ? [run.directory] : runDirectories(run)),
    data: base("XDG_DATA_HOME", ".local/share"),
    config: base("XDG_CONFIG_HOME", ".config"),
    state: base("XDG_STATE_HOME", ".local/state"),
    dist: findDist(),
    node: process.execPath,
  };
}

/** Makes a directory 0700 and refuses one that somebody else owns or that is a link. */
export function own(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid())) {
    throw new Error(`${path} is not a directory of this user: move it away, or point the XDG variable elsewhere.`);
  }
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
  return path;
}

function findDist(): string {
  // Bundled this file is dist/main/….mjs; from source it is main/app/places.ts.
  const here = dirname(fileURLToPath(import.meta.url));
  const parts = here.split("/");
  const at = parts.lastIndexOf("dist");
  return at > 0 ? parts.slice(0, at + 1).join("/") : join(here, "../../dist");
}
