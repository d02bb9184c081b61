/**
 * Can this machine confine and stage? Both are really tried, by the user who asks, never by another; only when a try failed do settings of
 * the machine explain it. Each check says what was found and the one command that mends it.
 */
import type { Check } from "../../protocol/api.ts";
import type { LimitTier } from "../../protocol/event.ts";
import type { Outcome } from "../../protocol/problem.ts";
import type { Lack } from "./features.ts";
import { readMachine, type Machine } from "./machine.ts";
import { containerName, obstacle } from "./obstacle.ts";

export { readMachine };

export interface ProbeDeps {
  machine: Machine;
  /** Where changes are staged: Bulkhead's data. */
  data: string;
  /** Which tier of limits this machine offers. */
  limits(): Check;
  /** Launches `true` confined; says who holds the limits. */
  tryLaunch(): Promise<Outcome<{ limits: LimitTier }>>;
  /** Stages changes to a small folder in `data`: an overlay in a user namespace. */
  tryStage(): Promise<Outcome<unknown>>;
}

/** Staging is tried only where a plain launch works. */
export async function probeConfining(deps: ProbeDeps): Promise<Check[]> {
  const { machine, data } = deps;
  const confined = await deps.tryLaunch();
  const checks = [containment(confined, machine)];
  if (machine.bubblewrap !== undefined && !machine.refused) checks.push(bubblewrap(machine.bubblewrap, machine.lacks));
  if (!confined.ok) return checks;
  return [...checks, limits(confined.value.limits, deps.limits()), staging(await deps.tryStage(), machine, data)];
}

const good = (name: string, why: string): Check => ({ name, ok: true, why });
const bad = (name: string, why: string, mend: string): Check => ({ name, ok: false, why, mend });

function containment(tried: Outcome<unknown>, machine: Machine): Check {
  if (tried.ok) return good("containment", "A confined program ran.");
  const cause = obstacle(machine, tried.problem.message);
  if (cause) return bad("containment", cause.why, cause.mend);
  return bad("containment", tried.problem.message, tried.problem.mend ?? "bulkhead sandbox -- true");
}

const instead: { [option in Lack]: string } = {
  "--disable-userns": "--disable-userns: the keeper's own limit refuses nested user namespaces",
  "--size": "--size: the keeper mounts the shared memory itself",
};

function bubblewrap(version: string, lacks: readonly Lack[]): Check {
  const found = lacks.length === 0 ? "it knows every option that is used" : `it lacks ${lacks.map((option) => instead[option]).join("; ")}`;
  return good("bubblewrap", `bubblewrap ${version}: ${found}.`);
}

/** What the machine offers, unless the sandbox that was tried did not get it. */
function limits(tier: LimitTier, offered: Check): Check {
  if (tier === "cgroup" || !offered.why.startsWith("Tier cgroup")) return offered;
  return good("limits", "Tier rlimit: control groups are here, but none could be made for the sandbox that was tried; limits per process and a look of our own at the totals hold.");
}

/** The kernel's numbers for file systems that people meet; where a staging layer cannot lie on one, the doctor says its name. */
const kinds: { [number: number]: string } = {
  0x794c7630: "an overlay (a container's own disk)", 0x01021994: "a tmpfs (memory)", 0x858458f6: "a ramfs (memory)", 0x6969: "a network folder (NFS)", 0xff534d42: "a network folder (SMB)", 0xfe534d42: "a network folder (SMB)",
  0x517b: "a network folder (SMB)", 0x65735546: "a FUSE file system", 0x01021997: "a folder shared by a virtual machine (9p)", 0x4d44: "a FAT disk", 0x2011bab0: "an exFAT disk", 0xf15f: "an encrypted home (eCryptfs)",
};

function staging(tried: Outcome<unknown>, machine: Machine, data: string): Check {
  if (tried.ok) return good("staging", "Changes to a folder can be held beside it.");
  const kind = kinds[machine.filesystem(data) ?? 0];
  // Only where an overlay was refused is the kind of disk the reason.
  const reason = kind === undefined || tried.problem.code === "not-found" ? tried.problem.message : `Bulkhead's data (${data}) lie on ${kind}, which cannot hold a staging layer.`;
  const name = containerName(machine);
  const mend = name === "Docker" || name === "Podman"
    ? `${name.toLowerCase()} run --volume bulkhead:/bulkhead --env XDG_DATA_HOME=/bulkhead IMAGE`
    : "export XDG_DATA_HOME=/a/folder/on/a/local/disk (ext4, xfs or btrfs)";
  return bad("staging", `Folders can be handed over for reading only: ${reason}`, mend);
}
