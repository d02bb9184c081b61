/** The doctor on machines that fail: each failure made for real where this machine can be made so, by the facts of a Machine where not. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { secrets, shown } from "../../main/app/doctor.ts";
import { probeConfining } from "../../main/sandbox/doctor.ts";
import { readMachine, type Machine } from "../../main/sandbox/machine.ts";
import { obstacle, olderThan } from "../../main/sandbox/obstacle.ts";
import type { Check } from "../../protocol/api.ts";
import { done, failed } from "../../protocol/problem.ts";
import { give, outside, ownDirectory, people, type Person } from "../confinement/person.ts";

const crowd = await people();
afterAll(crowd.remove);

const asRoot = process.getuid?.() === 0;
const mounting = (script: string): string[] => [...(asRoot ? ["/usr/bin/unshare", "-m"] : ["/usr/bin/unshare", "-Urm"]), "/bin/sh", "-c", `${script} && exec "$@"`, "sh"];
const cutting = (...words: string[]): string[] => ["/usr/bin/python3", join(import.meta.dirname, "cut.py"), ...words, "--"];
const named = (checks: Check[], name: string): Check | undefined => checks.find((check) => check.name === name);

interface Place { path: string; data: string }
function makePlace(person: Person): Place {
  const path = ownDirectory(person);
  const data = join(path, "data");
  mkdirSync(data);
  give(person, path);
  return { path, data };
}

async function doctor(person: Person, place: Place, before: string[] = []): Promise<Check[]> {
  const ran = await outside(person, [person.node, join(person.program, "test/confinement/doctorRunner.ts"), join(person.program, "dist"), ownDirectory(person), place.data], { before });
  if (!ran.stdout.startsWith("[")) throw new Error(`the doctor said nothing: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Check[];
}

function program(place: Place, name: string, text: string): string {
  const path = join(place.path, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

const calls = process.arch === "arm64" ? { unshare: "97", mount_setattr: "442", mount: "40" } : { unshare: "272", mount_setattr: "442", mount: "165" };

describe.each(crowd.people)("for real, as $name", (person) => {
  test("control: on this machine as it is all is well, and the report names bubblewrap and the tier of limits", async () => {
    const checks = await doctor(person, makePlace(person), mounting("true").slice(0, asRoot ? undefined : 0));
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([["containment", true], ["bubblewrap", true], ["limits", true], ["staging", true]]);
    expect(named(checks, "bubblewrap")?.why).toMatch(/^bubblewrap \d+\.\d+/);
    expect(named(checks, "limits")?.why).toMatch(/^Tier (cgroup|rlimit): /);
  });

  const failures: [name: string, before: (place: Place) => string[], found: [why: RegExp, mend: RegExp]][] = [
    ["bubblewrap absent", ({ path }) => mounting(`mkdir ${path}/u ${path}/w && mount -t overlay o -o lowerdir=/usr/bin,upperdir=${path}/u,workdir=${path}/w${asRoot ? "" : ",userxattr"} /usr/bin && rm /usr/bin/bwrap`), [/bubblewrap is missing/, /^sudo \S+ .*bubblewrap$/]],
    ["a bubblewrap that does not start", (place) => mounting(`mount --bind ${program(place, "broken", "not a program")} /usr/bin/bwrap`), [/does not start/, /reinstall/]],
    ["a bubblewrap that is too old", (place) => mounting(`mount --bind ${program(place, "old", "#!/bin/sh\n[ $1 = --version ] && echo bubblewrap 0.1.2 || echo '--unshare-all --bind'\n")} /usr/bin/bwrap`), [/bubblewrap 0\.1\.2 does not know --unshare-user/, /upgrade|update|Syu/]],
    ["a set-uid bubblewrap", (place) => mounting(`cp /usr/bin/bwrap ${place.path}/suid && chmod 4755 ${place.path}/suid && mount --bind ${place.path}/suid /usr/bin/bwrap`), [/set-uid/, /^sudo chmod u-s \/usr\/bin\/bwrap$/]],
    ["user namespaces switched off", () => cutting("namespaces"), [/user\.max_user_namespaces is 0/, /user\.max_user_namespaces=15000/]],
    ["a filter that refuses namespaces, as containers have it", () => cutting("call", calls.unshare, "1"), [/system-call filter|container/, /./]],
    ["a filter that refuses mounts", () => cutting("call", calls.mount, "1"), [/system-call filter|container/, /./]],
    ["a kernel without the call that seals mounts", () => cutting("call", calls.mount_setattr, "38"), [/a call of 5\.12 .* is missing/, /./]],
    ["parts of /proc covered, as containers have it", () => mounting("mount --bind /dev/null /proc/cpuinfo"), [/Parts of \/proc are covered|This is a container/, /./]],
  ];

  test.each(failures)("%s is found out by trying, explained and mended by one command", async (_name, before, [why, mend]) => {
    const place = makePlace(person);
    const check = named(await doctor(person, place, before(place)), "containment");
    expect(check).toMatchObject({ ok: false, why: expect.stringMatching(why) as string, mend: expect.stringMatching(mend) as string });
  });

  const disks: [name: string, script: (place: Place) => string, why: RegExp][] = [
    ["another overlay, as in a container", ({ path, data }) => `mkdir ${path}/l ${path}/u ${path}/w && chmod 777 ${path}/l && mount -t overlay o -o lowerdir=${path}/l,upperdir=${path}/u,workdir=${path}/w${asRoot ? "" : ",userxattr"} ${data} && chmod 777 ${data}`, /lie on an overlay/],
    ["memory without user attributes", ({ data }) => `mount -t ramfs r ${data} && chmod 777 ${data}`, /lie on a ramfs/],
    ["a disk that cannot be written", ({ data }) => `mount -t tmpfs -o ro r ${data}`, /Nothing can be written to .*EROFS/],
  ];
  // Below root a namespace of one's own makes bubblewrap look like nobody's: root makes these disks for both, a plain user has a folder that he may not write.
  const closed: typeof disks = [["a folder that may not be written", ({ data }) => `chmod 500 ${data}`, /Nothing can be written to .*EACCES/]];
  test.each(asRoot ? disks : closed)("data on %s: reading stays, staging is refused with the name of the disk", async (_name, script, why) => {
    const place = makePlace(person);
    const checks = await doctor(person, place, asRoot ? mounting(script(place)) : ["/bin/sh", "-c", `${script(place)} && exec "$@"`, "sh"]);
    expect(named(checks, "containment")?.ok).toBe(true);
    expect(named(checks, "staging")).toMatchObject({ ok: false, why: expect.stringMatching(why) as string, mend: expect.stringMatching(/XDG_DATA_HOME/) as string });
  });
});

const well: Machine = {
  platform: "linux", root: false, kernel: "6.18.0-1-amd64", bubblewrap: "0.8.0", lacks: [], refused: undefined, launcher: "/src/dist/launcher/bulkhead-launcher",
  exists: (path) => path === "/usr/bin/bwrap", read: () => undefined, filesystem: () => 0xef53,
};
const setting = (path: string, value: string): Machine => ({ ...well, read: (asked) => (asked === path ? value : undefined) });
const marked = (...paths: string[]): Machine => ({ ...well, exists: (path) => path === "/usr/bin/bwrap" || paths.includes(path) });
const release = (text: string): Machine => ({ ...setting("/etc/os-release", text), exists: () => false });
const refused = failed("no-containment", "the launcher said no");
const offered = (): Check => ({ name: "limits", ok: true, why: "Tier cgroup: offered" });
const restricted = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";

test("each obstacle has its own words and one line that mends it; a machine that is well has none", () => {
  const found = [
    { ...well, exists: () => false }, { ...well, bubblewrap: undefined }, { ...well, kernel: "5.10.0-28-amd64" }, { ...well, refused: refused.problem },
    setting("/proc/sys/user/max_user_namespaces", "0"), setting("/proc/sys/kernel/unprivileged_userns_clone", "0"), setting(restricted, "1"), { ...setting(restricted, "1"), exists: () => true },
    marked("/.dockerenv"), marked("/run/.containerenv"), marked("/.flatpak-info"), marked("/var/run/secrets/kubernetes.io"), setting("/run/systemd/container", "lxc"), setting("/proc/self/status", "Name:\tnode\nSeccomp:\t2\nSeccomp_filters:\t1"),
    { ...well, platform: "darwin" as const }, { ...well, platform: "win32" as const },
  ].map((machine) => obstacle(machine));
  expect(found.filter((one) => !one || one.mend === "" || one.mend.includes("\n"))).toEqual([]);
  expect(new Set(found.map((one) => one?.why)).size).toBe(found.length);
  expect([obstacle(well), obstacle(setting("/proc/self/status", "Seccomp:\t0"))]).toEqual([undefined, undefined]);
});

test("what the launch said explains what no setting shows", () => {
  expect([obstacle(well, "bwrap: Can't mount proc on /newroot/proc: Operation not permitted")?.why, obstacle(well, "attributes /usr: not supported by this kernel")?.why]).toEqual([expect.stringMatching(/^Parts of \/proc/), expect.stringMatching(/a call of 5\.12/)]);
});

test("a setting that does not bind root is no obstacle to root", () => {
  expect([restricted, "/proc/sys/kernel/unprivileged_userns_clone"].map((path) => obstacle({ ...setting(path, path === restricted ? "1" : "0"), root: true }))).toEqual([undefined, undefined]);
});

test("AppArmor: the profile of this very launcher is put in force; where it is installed it is loaded again; nothing frees /usr/bin/bwrap", () => {
  const mends = [setting(restricted, "1"), { ...setting(restricted, "1"), exists: () => true }, { ...setting(restricted, "1"), launcher: undefined }].map((machine) => obstacle(machine)?.mend ?? "");
  expect(mends).toEqual([
    "sed 's|^@{bulkhead_launcher}=.*|@{bulkhead_launcher}=/src/dist/launcher/bulkhead-launcher|' /src/native-profiles/apparmor/bulkhead-launcher.abi-4.0 | sudo tee /etc/apparmor.d/bulkhead-launcher >/dev/null && sudo apparmor_parser --replace /etc/apparmor.d/bulkhead-launcher",
    "sudo apparmor_parser --replace /etc/apparmor.d/bulkhead-launcher", "bulkhead doctor",
  ]);
});

test("the command is the one of this distribution", () => {
  expect(["ID=debian", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"", "ID=fedora", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", "ID=\"opensuse-tumbleweed\"", "ID=arch"].map((text) => obstacle(release(text))?.mend)).toEqual([
    "sudo apt-get install -y bubblewrap", "sudo apt-get install -y bubblewrap", "sudo dnf install -y bubblewrap", "sudo dnf install -y bubblewrap", "sudo zypper install -y bubblewrap", "sudo pacman -S --noconfirm bubblewrap",
  ]);
});

test("what an older bubblewrap lacks is told with what is done instead; staging is not tried without containment", async () => {
  const tried = { limits: offered, tryLaunch: async () => done({ limits: "rlimit" as const }), tryStage: async () => done(1) };
  const checks = await probeConfining({ ...tried, machine: { ...well, bubblewrap: "0.4.1", lacks: ["--disable-userns", "--size"] }, data: "/d" });
  expect(named(checks, "bubblewrap")).toEqual({ name: "bubblewrap", ok: true, why: "bubblewrap 0.4.1: it lacks --disable-userns: the keeper's own limit refuses nested user namespaces; --size: the keeper mounts the shared memory itself." });
  expect(named(checks, "limits")?.why).toMatch(/^Tier rlimit: control groups are here, but none/);
  const without = await probeConfining({ machine: well, data: "/d", limits: offered, tryLaunch: async () => refused, tryStage: () => Promise.reject(new Error("tried")) });
  expect(without.map(({ name, ok, why }) => [name, ok, why])).toEqual([["containment", false, "the launcher said no"], ["bubblewrap", true, "bubblewrap 0.8.0: it knows every option that is used."]]);
});

test("in a container the data go on a volume; elsewhere on a local disk", async () => {
  const mend = async (machine: Machine): Promise<string | undefined> => named(await probeConfining({ machine, data: "/d", limits: offered, tryLaunch: async () => done({ limits: "cgroup" as const }), tryStage: async () => refused }), "staging")?.mend;
  expect([await mend(marked("/.dockerenv")), await mend(well)]).toEqual([expect.stringMatching(/^docker run --volume/), expect.stringMatching(/^export XDG_DATA_HOME=/)]);
});

test("keychain and window: each state has its words and its command", () => {
  const session = setting("/proc/self/environ", "A=1\0DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus\0");
  expect([secrets("ready", well), secrets("locked", well), secrets("absent", well), secrets("absent", session), shown("/usr/bin/chromium", well), shown(undefined, well)].map(({ ok, mend }) => [ok, mend])).toEqual([
    [true, undefined], [false, expect.stringMatching(/--unlock/)], [false, "dbus-run-session -- bulkhead"], [false, "sudo apt-get install -y gnome-keyring"], [true, undefined], [false, "sudo apt-get install -y chromium"],
  ]);
});

test("versions compare by number, not by spelling", () => {
  expect([olderThan("0.8.0", [0, 8]), olderThan("0.11.0", [0, 8]), olderThan("0.4.1", [0, 8]), olderThan("6.1.0-18-amd64", [5, 12]), olderThan("5.4", [5, 12])]).toEqual([false, false, true, false, true]);
});

test("this machine is read without a throw", () => {
  const machine = readMachine();
  expect([machine.platform, machine.bubblewrap !== undefined]).toEqual([process.platform, machine.exists("/usr/bin/bwrap")]);
});
