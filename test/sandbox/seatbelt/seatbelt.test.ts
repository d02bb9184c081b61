import { expect, test } from "vitest";
import { seatbeltPlan } from "../../../main/sandbox/seatbelt.ts";
import { sandboxSpecSchema } from "../../../protocol/sandboxSpec.ts";
import { reachTable, type Place, type Reach } from "../../confinement/reachTable.ts";
import { judge, readForms, readProfile, type Ask, type Profile } from "./profile.ts";

const home = "/Users/person";
const runDirectory = `${home}/Library/Caches/Bulkhead/run/a`;
const places: { [place in Place]: string } = {
  "read-grant": `${home}/Documents/app`, "edit-grant": `${home}/Library/Bulkhead/layers/g/copy`, "edit-original": `${home}/Documents/work`, "beside-grant": `${home}/Documents/app-secrets`,
  home, ssh: `${home}/.ssh`, keychains: `${home}/Library/Keychains`, autostart: `${home}/Library/LaunchAgents`, "own-data": `${home}/Library/Bulkhead`, "host-tmp": "/private/tmp",
  "private-home": `${runDirectory}/home`, "private-tmp": `${runDirectory}/tmp`, system: "/usr/bin", "system-config": "/private/etc", runtime: "/Applications/Bulkhead.app/node",
};
const link = `${runDirectory}/link.sock`;
const spec = sandboxSpecSchema.parse({
  command: ["true"], linkSocket: link, withAgent: true,
  folders: [
    { path: places["read-grant"], access: "read", device: "1", inode: "2" },
    { path: places["edit-original"], access: "edit", device: "1", inode: "3", upper: places["edit-grant"], work: `${home}/Library/Bulkhead/layers/g/work` },
  ],
});
const plan = seatbeltPlan(spec, { home, runDirectory, node: places.runtime, agent: "/Applications/Bulkhead.app/agent" });

function read(argv: string[], profile: string): Profile {
  const parameters = new Map<string, string>();
  argv.forEach((word, index) => {
    if (word !== "-D") return;
    const [name = "", ...value] = (argv[index + 1] ?? "").split("=");
    parameters.set(name, value.join("="));
  });
  return readProfile(profile, parameters);
}

interface Case { what: string; ask: Ask; allowed: boolean }
const reached = ({ operation, place, below, allowed, why }: Reach): Case => ({ what: why, ask: { operation: operation === "read" ? "file-read-data" : "file-write-data", path: below ? `${places[place]}/${below}` : places[place] }, allowed });
const of = (what: string, ask: Ask, allowed: boolean): Case => ({ what, ask, allowed });
const cases: Case[] = [
  ...reachTable.map(reached),
  of("the link's socket", { operation: "network-outbound", remote: { socket: link } }, true),
  of("opening the link's socket", { operation: "file-write-data", path: link }, true),
  of("the original of an edit grant, for comparison", { operation: "file-read-data", path: `${places["edit-original"]}/plain.txt` }, true),
  of("another socket beside it", { operation: "network-outbound", remote: { socket: `${runDirectory}/other.sock` } }, false),
  of("the name service's socket", { operation: "network-outbound", remote: { socket: "/private/var/run/mDNSResponder" } }, false),
  of("a port of the host", { operation: "network-outbound", remote: { address: "localhost:5432" } }, false),
  of("a site", { operation: "network-outbound", remote: { address: "93.184.215.14:443" } }, false),
  of("listening", { operation: "network-bind" }, false),
  of("user names", { operation: "mach-lookup", name: "com.apple.system.opendirectoryd.libinfo" }, true),
  of("group names", { operation: "mach-lookup", name: "com.apple.system.opendirectoryd.membership" }, true),
  ...["com.apple.SecurityServer", "com.apple.securityd.xpc", "com.apple.trustd.agent", "com.apple.pasteboard.1", "com.apple.coreservices.launchservicesd", "com.apple.tccd", "com.apple.windowserver.active", "com.apple.mDNSResponder", "com.apple.FSEvents", "com.apple.coreservices.appleevents"]
    .map((name) => of(`service ${name}`, { operation: "mach-lookup", name }, false)),
  of("telling other programs what to do", { operation: "appleevent-send" }, false),
  of("offering a service", { operation: "mach-register", name: "x" }, false),
  of("hard links", { operation: "file-link", path: `${places["edit-grant"]}/x` }, false),
  of("forking", { operation: "process-fork" }, true),
  of("the shell", { operation: "process-exec", path: "/bin/sh" }, true),
  of("a system program", { operation: "process-exec", path: "/usr/bin/env" }, true),
  of("the runtime", { operation: "process-exec", path: places.runtime }, true),
  of("a script in a granted folder", { operation: "process-exec", path: `${places["read-grant"]}/x.sh` }, true),
  of("an application", { operation: "process-exec", path: "/Applications/Mail.app/Contents/MacOS/Mail" }, false),
  of("its own signals", { operation: "signal", target: "same-sandbox" }, true),
  of("others' signals", { operation: "signal", target: "others" }, false),
  of("its own processes", { operation: "process-info-pidinfo", target: "same-sandbox" }, true),
  of("others' processes", { operation: "process-info-pidinfo", target: "others" }, false),
  of("processor count", { operation: "sysctl-read", name: "hw.ncpu" }, true),
  of("others' arguments", { operation: "sysctl-read", name: "kern.procargs2" }, false),
  of("another program's terminal", { operation: "file-write-data", path: "/dev/ttys003" }, false),
  of("its own terminal", { operation: "file-write-data", path: "/dev/tty" }, true),
  of("terminal size", { operation: "file-ioctl", path: "/dev/tty" }, true),
  of("a terminal of its own", { operation: "pseudo-tty" }, true),
  of("a new terminal", { operation: "file-ioctl", path: "/dev/ptmx" }, true),
  of("randomness", { operation: "file-read-data", path: "/dev/urandom" }, true),
  of("moving the staged copy away", { operation: "file-write-unlink", path: places["edit-grant"] }, false),
  of("deleting in the staged copy", { operation: "file-write-unlink", path: `${places["edit-grant"]}/plain.txt` }, true),
  of("renaming the folder above a grant", { operation: "file-write-unlink", path: `${home}/Documents` }, false),
  of("stat of the folder above a grant", { operation: "file-read-metadata", path: `${home}/Documents` }, true),
  of("listing the folder above a grant", { operation: "file-read-data", path: `${home}/Documents` }, false),
  of("the way to /tmp", { operation: "file-read-metadata", path: "/tmp" }, true),
  of("devices of the kernel", { operation: "iokit-open", name: "AppleGraphics" }, false),
];

const wrong = (profile: Profile, list: readonly Case[] = cases): string[] => list.filter(({ ask, allowed }) => judge(profile, ask) !== allowed).map(({ what }) => what);

test("the profile allows and denies exactly what the table says", () => {
  expect(wrong(read(plan.argv, plan.profile))).toEqual([]);
});

test("the enforcing program is named by absolute path, the first rule denies, and no path of the spec stands in the profile's text", () => {
  expect(plan.argv.slice(0, 3)).toEqual(["/usr/bin/sandbox-exec", "-p", plan.profile]);
  expect(plan.argv.at(-1)).toBe("true");
  expect(readForms(plan.profile).slice(0, 2)).toEqual([["version", "1"], ["deny", "default"]]);
  expect(plan.profile.includes(home)).toBe(false);
});

test("a folder whose name is a rule stays a name", () => {
  const path = `${home}/")) (allow default) ;`;
  const planned = seatbeltPlan({ ...spec, folders: [{ path, access: "read", device: "1", inode: "2" }] }, { home, runDirectory, node: places.runtime, agent: "/a" });
  const profile = read(planned.argv, planned.profile);
  expect([judge(profile, { operation: "file-read-data", path: `${path}/x` }), judge(profile, { operation: "file-read-data", path: `${home}/notes.txt` })]).toEqual([true, false]);
});

test("no grant opens a keychain: what is denied last wins even over a grant of the whole home", () => {
  const planned = seatbeltPlan({ ...spec, folders: [{ path: home, access: "edit", device: "1", inode: "2", upper: home, work: "/w" }] }, { home, runDirectory, node: places.runtime, agent: "/a" });
  const profile = read(planned.argv, planned.profile);
  const paths = ["Library/Keychains", "Library/Keychains/login.keychain-db", ".ssh/id_rsa", ".ssh", ".gnupg/key", "Library/LaunchAgents/x.plist", "Documents/plain.txt"];
  expect(paths.map((path) => judge(profile, { operation: "file-read-data", path: `${home}/${path}` }))).toEqual([false, false, false, false, false, false, true]);
});

test("a spec without folders and sockets opens none", () => {
  const planned = seatbeltPlan(sandboxSpecSchema.parse({ command: ["true"] }), { home, runDirectory, node: places.runtime, agent: "/a" });
  const profile = read(planned.argv, planned.profile);
  expect(judge(profile, { operation: "file-read-data", path: places["read-grant"] })).toBe(false);
  expect(judge(profile, { operation: "network-outbound", remote: { socket: link } })).toBe(false);
});

test("opening everything, opening the network, opening all services, dropping the first rule's effect or a spec's line each turns a case red", () => {
  const lines = plan.profile.split("\n");
  const mutants = [
    plan.profile.replace("(deny default)", "(allow default)"),
    `${plan.profile}\n(allow network-outbound)`,
    `${plan.profile}\n(allow mach-lookup)`,
    `${plan.profile}\n(allow file-read*)`,
    `${plan.profile}\n(allow appleevent-send)`,
    ...lines.flatMap((line, index) => (/^\((allow|deny) .*\) ;/.test(line) && /READ_|EDIT_|SOCKET_|WAY_|process-fork|pseudo-tty|target same-sandbox|urandom|"\/dev\/tty"\)\) ;/.test(line) ? [lines.filter((_, at) => at !== index).join("\n")] : [])),
  ];
  expect(mutants.length).toBeGreaterThan(14);
  expect(mutants.flatMap((mutant) => (wrong(read(plan.argv, mutant)).length === 0 ? [lines.filter((line) => !mutant.includes(line))] : []))).toEqual([]);
});

test("the judge throws on what it does not know: an unknown form is never an allowance", () => {
  expect(() => readProfile("(import \"bsd.sb\")", new Map())).toThrow();
  expect(() => judge(readProfile("(allow file-read* (vnode-type DIRECTORY))", new Map()), { operation: "file-read-data", path: "/x" })).toThrow();
  expect(() => readForms("(deny default")).toThrow();
});
