/**
 * A plain user's control group: systemd's user manager makes a scope and starts the launcher in it, so that nothing ever runs outside.
 * By absolute path, with a listed environment; only where the manager's bus is there and its group may limit memory and processes.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import type { Bounds } from "./limits.ts";

export interface Through { program: string; words: string[]; environment: { [name: string]: string } }

/** What is looked at; the real machine by default. */
export interface ScopeMachine { uid: number; exists(path: string): boolean; read(path: string): string | undefined; rootOwned(path: string): boolean }

const program = "/usr/bin/systemd-run";

export const realMachine = (): ScopeMachine => ({
  uid: process.getuid?.() ?? 0, exists: existsSync,
  read(path) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  },
  rootOwned(path) {
    try {
      const { uid, mode } = statSync(path);
      return uid === 0 && (mode & 0o022) === 0;
    } catch {
      return false;
    }
  },
});

export function canScope({ uid, exists, read, rootOwned }: ScopeMachine): boolean {
  const offered = read(`/sys/fs/cgroup/user.slice/user-${uid}.slice/user@${uid}.service/cgroup.controllers`)?.split(/\s+/) ?? [];
  return uid !== 0 && rootOwned(program) && exists(`/run/user/${uid}/bus`) && offered.includes("memory") && offered.includes("pids");
}

/** The launcher and bubblewrap are in the scope too, and count. */
export function scopeThrough(name: string, bounds: Bounds, uid: number): Through {
  const properties = [`MemoryMax=${bounds.memoryBytes}`, "MemorySwapMax=0", `TasksMax=${bounds.processes + 4}`, "CPUWeight=20", "Delegate=yes"];
  return {
    program,
    words: ["--user", "--scope", "--quiet", "--collect", "--slice=app.slice", `--unit=bulkhead-${name}`, ...properties.map((property) => `--property=${property}`), "--"],
    environment: { XDG_RUNTIME_DIR: `/run/user/${uid}`, DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${uid}/bus` },
  };
}
