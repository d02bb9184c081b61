/** Which setting of this machine stands in the way of confining, and the one command that mends it. Pure: it decides by a Machine. */
import { profileOf, type Machine } from "./machine.ts";

export interface Obstacle { why: string; mend: string }

type Finder = (machine: Machine, said: string) => Obstacle | undefined;

/** The order is from the plainest cause to the subtlest. `said` is what the launch itself reported. */
export function obstacle(machine: Machine, said = ""): Obstacle | undefined {
  for (const find of [platform, bubblewrap, kernel, switchedOff, appArmor, maskedProc, container, filtered]) {
    const found = find(machine, said);
    if (found) return found;
  }
  return undefined;
}

const platform: Finder = ({ platform: name }, said) => {
  if (name === "darwin") return { why: said === "" ? "The sandbox of macOS does not hold here." : said, mend: "In the checkout `sh build/macCheck.sh` tries each part and says which one fails." };
  return name === "linux" ? undefined : { why: `There is no containment for ${name}.`, mend: "Use Linux." };
};

const bubblewrap: Finder = (machine) => {
  if (!machine.exists("/usr/bin/bwrap")) return { why: "bubblewrap is missing: /usr/bin/bwrap is not there.", mend: installing(machine, "bubblewrap") };
  if (machine.bubblewrap === undefined) return { why: "/usr/bin/bwrap does not start.", mend: reinstalling(machine, "bubblewrap") };
  return machine.refused && { why: machine.refused.message, mend: machine.refused.mend?.startsWith("sudo ") ? machine.refused.mend : upgrading(machine, "bubblewrap") };
};

/** What stands for a kernel in some containers has a new number and an old one's calls. */
const kernel: Finder = (machine, said) => {
  if (olderThan(machine.kernel, [5, 12])) return { why: `Linux ${machine.kernel} is too old: changes are staged with what came in 5.11, and read-only mounts are sealed with a call of 5.12.`, mend: upgradingKernel(machine) };
  if (!said.includes("not supported by this kernel")) return undefined;
  const why = `Linux ${machine.kernel} is new enough, but a call of 5.12 that seals mounts is missing: a container's filter, or something in the kernel's place.`;
  return { why, mend: containerName(machine) === undefined ? upgradingKernel(machine) : outside(machine) };
};

const switchedOff: Finder = (machine) => {
  if (machine.read("/proc/sys/user/max_user_namespaces") === "0") return { why: "User namespaces are switched off (user.max_user_namespaces is 0).", mend: keepSetting("user.max_user_namespaces=15000") };
  if (!machine.root && machine.read("/proc/sys/kernel/unprivileged_userns_clone") === "0") return { why: "User namespaces are for root only here (kernel.unprivileged_userns_clone is 0).", mend: keepSetting("kernel.unprivileged_userns_clone=1") };
  return undefined;
};

/** Ubuntu 24.04 and later: a profile for our launcher, never for /usr/bin/bwrap, which would free everybody's. */
const appArmor: Finder = (machine) => {
  if (machine.root || machine.read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") !== "1") return undefined;
  const target = "/etc/apparmor.d/bulkhead-launcher";
  if (machine.exists(target)) return { why: `AppArmor takes the rights out of user namespaces here, and Bulkhead's profile (${target}) is not in force for this launcher.`, mend: `sudo apparmor_parser --replace ${target}` };
  const why = "AppArmor takes the rights out of user namespaces here, and Bulkhead's launcher has no profile yet.";
  const { launcher } = machine;
  if (launcher === undefined || launcher.includes(".asar")) return { why, mend: "bulkhead doctor" };
  return { why, mend: `sed 's|^@{bulkhead_launcher}=.*|@{bulkhead_launcher}=${launcher}|' ${profileOf(launcher)} | sudo tee ${target} >/dev/null && sudo apparmor_parser --replace ${target}` };
};

const opened = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined";

/** The kernel gives no new /proc to a namespace whose own is partly covered: that is how a container hides its host. */
const maskedProc: Finder = (machine, said) => (/can't mount proc/i.test(said)
  ? { why: "Parts of /proc are covered here, as container runtimes do it; the kernel then refuses a fresh one to every sandbox.", mend: outside(machine) }
  : undefined);

const container: Finder = (machine) => {
  const name = containerName(machine);
  return name === undefined ? undefined : { why: `This is a container (${name}) whose runtime refuses namespaces or mounts.`, mend: outside(machine) };
};

/** A system-call filter on this very process comes from a container, a service's settings or another sandbox. */
const filtered: Finder = (machine) => (/^Seccomp:\s*2$/m.test(machine.read("/proc/self/status") ?? "")
  ? { why: "This program itself runs under a system-call filter (a container, a service with restrictions, or another sandbox) that refuses namespaces or mounts.", mend: "Start Bulkhead from an ordinary terminal of your session, outside of any sandbox." }
  : undefined);

export function containerName(machine: Machine): string | undefined {
  if (machine.exists("/.dockerenv")) return "Docker";
  if (machine.exists("/run/.containerenv")) return "Podman";
  if (machine.exists("/.flatpak-info")) return "Flatpak";
  if (machine.exists("/var/run/secrets/kubernetes.io")) return "Kubernetes";
  return machine.read("/run/systemd/container");
}

function outside(machine: Machine): string {
  const name = containerName(machine);
  if (name === "Docker") return `docker run ${opened} IMAGE`;
  if (name === "Podman") return "podman run --security-opt seccomp=unconfined --security-opt unmask=ALL IMAGE";
  if (name === "lxc") return "lxc config set NAME security.nesting true";
  return "Run Bulkhead outside of the container.";
}

/** Now, and after the next start too. */
const keepSetting = (setting: string): string => `echo ${setting} | sudo tee /etc/sysctl.d/60-bulkhead.conf && sudo sysctl --system`;

type Packager = "apt" | "dnf" | "zypper" | "pacman";

function packager(machine: Machine): Packager {
  const release = machine.read("/etc/os-release") ?? "";
  const names = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, list = ""]) => list.split(" "));
  if (names.some((name) => ["fedora", "rhel", "centos"].includes(name))) return "dnf";
  if (names.some((name) => name.includes("suse"))) return "zypper";
  return names.includes("arch") ? "pacman" : "apt";
}

const commands = {
  apt: { install: "apt-get install -y", again: "apt-get install -y --reinstall", upgrade: "apt-get install -y --only-upgrade", all: "apt-get full-upgrade -y" },
  dnf: { install: "dnf install -y", again: "dnf reinstall -y", upgrade: "dnf upgrade -y", all: "dnf upgrade -y kernel" },
  zypper: { install: "zypper install -y", again: "zypper install -y --force", upgrade: "zypper update -y", all: "zypper dist-upgrade -y" },
  pacman: { install: "pacman -S --noconfirm", again: "pacman -S --noconfirm", upgrade: "pacman -Syu --noconfirm", all: "pacman -Syu --noconfirm" },
} as const;

export const installing = (machine: Machine, name: string): string => `sudo ${commands[packager(machine)].install} ${name}`;
const reinstalling = (machine: Machine, name: string): string => `sudo ${commands[packager(machine)].again} ${name}`;
const upgrading = (machine: Machine, name: string): string => `sudo ${commands[packager(machine)].upgrade} ${name}`;
const upgradingKernel = (machine: Machine): string => `sudo ${commands[packager(machine)].all} && sudo reboot`;

/** Compares the leading numbers only: «6.1.0-18-amd64» is 6.1. */
export function olderThan(version: string, least: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  return major < least[0] || (major === least[0] && minor < least[1]);
}
