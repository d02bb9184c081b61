/**
 * Can this machine confine, stage, keep secrets and show a window? Confining and staging are really tried, by the user who asks, never by
 * another; only when a try failed do settings of the machine explain it. Each check says what was found and the command that mends it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import type { Check } from "../../protocol/api.ts";
import type { Outcome } from "../../protocol/problem.ts";

/** What the diagnosis reads of the machine; `readMachine` is the real one. */
export interface Machine {
  platform: NodeJS.Platform;
  root: boolean;
  kernel: string;
  /** The version that bubblewrap itself names, or undefined where it is not there or does not start. */
  bubblewrap: string | undefined;
  exists(path: string): boolean;
  /** A setting's text without its line end, or undefined. */
  read(path: string): string | undefined;
}

export interface ProbeDeps {
  machine: Machine;
  /** Launches `true` confined. */
  tryLaunch(): Promise<Outcome<unknown>>;
  /** Launches with an edit grant over an empty folder in our data: overlay in a user namespace. */
  tryStage(): Promise<Outcome<unknown>>;
  keychain(): "ready" | "locked" | "absent";
  browser(): string | undefined;
}

export function readMachine(): Machine {
  return { platform: process.platform, root: process.getuid?.() === 0, kernel: release(), bubblewrap: bubblewrapVersion(), exists: existsSync, read: readSetting };
}

export async function probeMachine(deps: ProbeDeps): Promise<Check[]> {
  return [...await probeConfining(deps), secrets(deps.keychain()), shown(deps.browser())];
}

/** The sandbox room's own part: staging is tried only where a plain launch works. */
export async function probeConfining(deps: Pick<ProbeDeps, "machine" | "tryLaunch" | "tryStage">): Promise<Check[]> {
  const confined = await deps.tryLaunch();
  const checks = [containment(confined, deps.machine)];
  if (confined.ok) checks.push(staging(await deps.tryStage(), deps.machine));
  return checks;
}

const good = (name: string, why: string): Check => ({ name, ok: true, why });
const bad = (name: string, why: string, mend: string): Check => ({ name, ok: false, why, mend });

function containment(tried: Outcome<unknown>, machine: Machine): Check {
  if (tried.ok) return good("containment", "A confined program ran.");
  const cause = obstacle(machine);
  if (cause) return bad("containment", cause.why, cause.mend);
  return bad("containment", tried.problem.message, tried.problem.mend ?? "Run `bulkhead sandbox -- true` and read its line on standard error.");
}

/** The first setting of this machine that is known to stand in the way; the order is from the plainest cause to the subtlest. */
export function obstacle(machine: Machine): { why: string; mend: string } | undefined {
  const set = (path: string): string | undefined => machine.read(path);
  if (machine.platform === "darwin") return { why: "Containment on macOS is written but not yet tested on a Mac: it does not start there.", mend: "Use Linux for now." };
  if (machine.platform !== "linux") return { why: `There is no containment for ${machine.platform}.`, mend: "Use Linux." };
  if (!machine.exists("/usr/bin/bwrap")) return { why: "bubblewrap is missing: /usr/bin/bwrap is not there.", mend: "sudo apt-get install -y bubblewrap" };
  if (machine.bubblewrap === undefined) return { why: "/usr/bin/bwrap does not start.", mend: "sudo apt-get install -y --reinstall bubblewrap" };
  if (olderThan(machine.bubblewrap, [0, 8])) return { why: `bubblewrap ${machine.bubblewrap} is too old: 0.8 is the first that can forbid nested namespaces.`, mend: "Install bubblewrap 0.8 or newer (Debian 12, Ubuntu 24.04 and later carry it)." };
  if (olderThan(machine.kernel, [5, 12])) return { why: `Linux ${machine.kernel} is too old: read-only mounts are sealed with a call of 5.12.`, mend: "Use Linux 5.12 or newer." };
  if (set("/proc/sys/user/max_user_namespaces") === "0") return { why: "User namespaces are switched off (user.max_user_namespaces is 0).", mend: "sudo sysctl -w user.max_user_namespaces=15000" };
  if (!machine.root && set("/proc/sys/kernel/unprivileged_userns_clone") === "0") return { why: "User namespaces are for root only here (kernel.unprivileged_userns_clone is 0).", mend: "sudo sysctl -w kernel.unprivileged_userns_clone=1" };
  if (!machine.root && set("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1") return { why: "AppArmor takes the rights out of user namespaces here.", mend: "Load an AppArmor profile that allows `userns` to Bulkhead's own launcher, not to /usr/bin/bwrap." };
  if (machine.exists("/.dockerenv") || machine.exists("/run/.containerenv")) return { why: "This is a container whose runtime refuses namespaces or mounts.", mend: "Run Bulkhead outside it, or start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined." };
  return undefined;
}

function staging(tried: Outcome<unknown>, machine: Machine): Check {
  if (tried.ok) return good("staging", "Changes to a folder can be held beside it.");
  const docker = machine.exists("/.dockerenv") || machine.exists("/run/.containerenv");
  const mend = docker
    ? "Put Bulkhead's data (XDG_DATA_HOME) on a volume: an overlay cannot lie on a container's own overlay."
    : "Put Bulkhead's data (XDG_DATA_HOME) on a local disk with user attributes: ext4, xfs or btrfs.";
  return bad("staging", `Folders can be handed over for reading only: ${tried.problem.message}`, tried.problem.mend ?? mend);
}

function secrets(state: "ready" | "locked" | "absent"): Check {
  if (state === "ready") return good("secrets", "The system's keychain answers.");
  if (state === "locked") return bad("secrets", "The system's keychain is locked.", "Unlock the keychain of your session.");
  return bad("secrets", "No keychain answers; keys live in memory for one run only.", "sudo apt-get install -y gnome-keyring");
}

function shown(browser: string | undefined): Check {
  if (browser !== undefined) return good("window", `A browser window can be opened with ${browser}.`);
  return bad("window", "Neither Electron's runtime nor a Chromium browser is here; the address is printed instead.", "sudo apt-get install -y chromium");
}

/** Compares the leading numbers only: «6.1.0-18-amd64» is 6.1. */
export function olderThan(version: string, least: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  return major < least[0] || (major === least[0] && minor < least[1]);
}

function bubblewrapVersion(): string | undefined {
  try {
    return /(\d+\.\d+(?:\.\d+)?)/.exec(execFileSync("/usr/bin/bwrap", ["--version"], { encoding: "utf8", env: {}, timeout: 5000 }))?.[1];
  } catch {
    return undefined;
  }
}

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
