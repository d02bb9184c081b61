/**
 * What a launch on macOS may and may not do, written down apart from the profile: the table that Linux really runs, and what only macOS has.
 * Each case holds in the profile as it is (`strict`), or with everything opened just before what is denied last (`opened`).
 */
import { readFileSync } from "node:fs";
import { inGit, protectedRule } from "../../../main/changes/protected.ts";
import { sandboxSpecSchema } from "../../../protocol/sandboxSpec.ts";
import { reachTable, type Place } from "../../confinement/reachTable.ts";
import type { Ask } from "./profile.ts";

export interface Case { what: string; ask: Ask; allowed: boolean; world: "strict" | "opened" }

export const home = "/Users/person";
export const runDirectory = `${home}/Library/Caches/Bulkhead/run/a`;
export const places: { [place in Place]: string } = {
  "read-grant": `${home}/Documents/app`, "edit-grant": `${home}/Library/Bulkhead/layers/g/copy`, "edit-original": `${home}/Documents/work`, "beside-grant": `${home}/Documents/app-secrets`,
  home, ssh: `${home}/.ssh`, keychains: `${home}/Library/Keychains`, autostart: `${home}/Library/LaunchAgents`, "own-data": `${home}/Library/Bulkhead`, "host-tmp": "/private/tmp",
  "private-home": `${runDirectory}/home`, "private-tmp": `${runDirectory}/tmp`, system: "/usr/bin", "system-config": "/private/etc", runtime: "/Applications/Bulkhead.app/node",
};
export const ports = [50101, 50102, 50103];
export const terminal = "/dev/ttys007";
export const trustBundle = `${runDirectory}/sockets/roots.pem`;
export const agent = "/Applications/Bulkhead.app/agent";
export const spec = sandboxSpecSchema.parse({
  command: ["true"], withAgent: true, trustBundle,
  folders: [
    { path: places["read-grant"], access: "read", device: "1", inode: "2" },
    { path: places["edit-original"], access: "edit", device: "1", inode: "3", upper: places["edit-grant"], work: `${home}/Library/Bulkhead/layers/g/work` },
  ],
});

const strict = (what: string, ask: Ask, allowed: boolean): Case => ({ what, ask, allowed, world: "strict" });
const opened = (what: string, ask: Ask, allowed: boolean): Case => ({ what: `${what}, whatever opened it`, ask, allowed, world: "opened" });
const each = (operation: string, paths: readonly string[], allowed: boolean): Case[] => paths.map((path) => strict(`${operation} ${path}`, { operation, path }, allowed));
const read = "file-read-data";
const write = "file-write-data";

/** Folders of the system whose content is read; what begins the same and is not among them is not. */
const systemFolders = ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/share", "/System/Library", "/System/Cryptexes", "/System/Volumes/Preboot/Cryptexes", "/Library/Apple", "/Library/Developer/CommandLineTools", "/private/var/db/dyld", "/private/var/db/timezone", "/private/etc/ssl"];
const systemFiles = ["/private/var/select/sh", "/private/etc/localtime", "/private/etc/protocols", "/private/etc/services", "/private/etc/shells"];
const programs = ["/bin", "/sbin", "/usr/bin", "/usr/libexec", "/usr/sbin", "/Library/Developer/CommandLineTools"];
const libraries = ["/usr/lib", "/System/Library", "/System/Cryptexes", "/System/Volumes/Preboot/Cryptexes", "/Library/Apple", "/Library/Developer/CommandLineTools"];
const steps = ["/etc", "/var", "/tmp", "/private", "/private/etc", "/private/var", "/private/tmp", "/Library", "/usr", "/System", "/dev"];
const waysTo = (path: string): string[] => path.split("/").slice(1, -1).map((_, at, parts) => `/${parts.slice(0, at + 1).join("/")}`);
export const ways = [...new Set([...Object.entries(places).flatMap(([place, path]) => (["read-grant", "edit-grant", "edit-original", "private-home", "runtime"].includes(place) ? waysTo(path) : [])), ...waysTo(trustBundle), ...waysTo(agent)])];
const granted = [places["read-grant"], places["edit-grant"], places["edit-original"]];
const owned = [places["private-home"], places["private-tmp"]];
const sysctls = [
  "hw.activecpu", "hw.availcpu", "hw.logicalcpu", "hw.logicalcpu_max", "hw.ncpu", "hw.physicalcpu", "hw.byteorder", "hw.cachelinesize", "hw.pagesize", "hw.pagesize_compat", "hw.memsize", "hw.cpufamily", "hw.cputype", "hw.machine", "hw.model",
  "kern.argmax", "kern.maxfilesperproc", "kern.ngroups", "kern.osrelease", "kern.ostype", "kern.osversion", "kern.osproductversion", "kern.version", "kern.hostname", "kern.usrstack64", "kern.secure_kernel", "vm.loadavg", "sysctl.proc_cputype",
];
const users = ["com.apple.system.opendirectoryd.libinfo", "com.apple.system.opendirectoryd.membership"];
const fatalServices = ["com.apple.SecurityServer", "com.apple.securityd.xpc", "com.apple.coreservices.launchservicesd", "com.apple.coreservices.appleevents", "com.apple.lsd.mapdb", "com.apple.pasteboard.1"];
const otherServices = [
  "com.apple.trustd.agent", "com.apple.trustd", "com.apple.tccd", "com.apple.windowserver.active", "com.apple.mDNSResponder", "com.apple.FSEvents", "com.apple.bsd.dirhelper", "com.apple.logd", "com.apple.system.notification_center", "com.apple.cfprefsd.agent",
  "com.apple.distributed_notifications@Uv3", "com.apple.coreservices.quarantine-resolver", "com.apple.audio.systemsoundserver", "com.apple.SystemConfiguration.configd", "com.apple.xpc.launchd.domain.user", "com.apple.quicklook", "com.apple.spotlight",
];

const reading: Case[] = [
  ...reachTable.map(({ operation, place, below, allowed, why }) => strict(why, { operation: operation === "read" ? read : write, path: below ? `${places[place]}/${below}` : places[place] }, allowed)),
  ...each(read, ["/", ...systemFolders.map((path) => `${path}/x`), ...systemFiles, trustBundle, agent, `${agent}/agent.mjs`, ...granted, ...granted.map((path) => `${path}/x`), ...owned, ...owned.map((path) => `${path}/x`)], true),
  ...each(read, [...systemFolders.map((path) => `${path}x/y`), ...systemFiles.map((path) => `${path}/x`), "/x", "/Users", "/private/etc/passwd", "/private/etc/master.passwd", "/private/var/db/x", "/private/var/log/system.log", "/private/var/folders/xx/T/x", "/Volumes/stick/x", "/Applications/Mail.app/x", "/opt/homebrew/bin/x", "/Library/Preferences/x", "/cores/x", `${trustBundle}/x`, `${places.runtime}/x`, `${agent}x`, `${runDirectory}/x`, ...steps, ...ways], false),
  ...each("file-read-metadata", [...steps, ...ways], true),
  ...each("file-read-metadata", [...steps.map((path) => `${path}/x`), ...ways.map((path) => `${path}/x`), places.ssh, `${home}/notes.txt`].filter((path) => !ways.includes(path) && !systemFolders.includes(path)), false),
];

const writing: Case[] = [
  ...[...granted.filter((path) => path !== places["edit-grant"]), ...systemFolders, agent].flatMap((path) => ["file-write-create", "file-write-unlink", "file-write-mode", write].flatMap((operation) => each(operation, [path, `${path}/x`], false))),
  ...["file-write-create", "file-write-unlink", "file-write-data", "file-write-mode", "file-write-xattr"].flatMap((operation) => each(operation, [...owned, places["edit-grant"]].map((path) => `${path}/x`), true)),
  ...each(write, [...owned, places["edit-grant"]], true),
  ...each("file-write-create", owned, true),
  ...each("file-write-create", [places["edit-grant"]], false), ...each("file-write-unlink", [...owned, places["edit-grant"], ...ways], false),
  ...each(write, [...systemFiles, trustBundle, places.runtime, ...ways, "/x", "/usr/local/bin/x", `${home}/Library/LaunchAgents/x.plist`, "/Library/LaunchDaemons/x.plist", "/private/var/at/tabs/person"], false),
  ...["file-clone", "file-mknod", "file-link", "file-write-setugid"].flatMap((operation) => each(operation, [...granted, ...owned].map((path) => `${path}/x`), false)),
];

const devices: Case[] = [
  ...[read, write].flatMap((operation) => each(operation, ["/dev/null", "/dev/zero", "/dev/tty", "/dev/ptmx", terminal], true)),
  ...each(read, ["/dev/random", "/dev/urandom", "/dev/fd"], true), ...each(write, ["/dev/random", "/dev/urandom", "/dev/fd"], false),
  ...each("file-ioctl", ["/dev/tty", "/dev/ptmx", terminal], true), ...each("file-ioctl", ["/dev/null", "/dev/disk0", "/dev/ttys003"], false),
  ...["file-write-create", "file-write-unlink"].flatMap((operation) => each(operation, ["/dev/null", "/dev/ptmx", "/dev/tty", "/dev/ttys003", terminal, "/dev/x"], false)),
  ...[read, write].flatMap((operation) => each(operation, ["/dev/null/x", "/dev/zero/x", "/dev/tty/x", "/dev/random/x", "/dev/urandom/x", "/dev/fd/x", "/dev/ptmx/x", `${terminal}/x`, "/dev/disk0", "/dev/mem", "/dev/bpf0", "/dev/ttys003", "/dev/dtracehelper"], false)),
  ...[read, write, "file-ioctl"].flatMap((operation) => [
    strict(`a terminal that it made: ${operation}`, { operation, path: "/dev/ttys003", extension: "com.apple.sandbox.pty" }, true),
    strict(`another device under the same mark: ${operation}`, { operation, path: "/dev/disk0", extension: "com.apple.sandbox.pty" }, false),
  ]),
  strict("an unlink of a terminal that it made", { operation: "file-write-unlink", path: "/dev/ttys003", extension: "com.apple.sandbox.pty" }, false),
  strict("a terminal of its own", { operation: "pseudo-tty" }, true),
];

const processes: Case[] = [
  strict("forking", { operation: "process-fork" }, true),
  ...each("process-exec", [...programs.map((path) => `${path}/x`), places.runtime, ...granted, ...owned, ...granted.map((path) => `${path}/x.sh`), ...owned.map((path) => `${path}/x.sh`)], true),
  ...each("process-exec", [...programs.map((path) => `${path}x/y`), "/Applications/Mail.app/Contents/MacOS/Mail", "/usr/local/bin/x", "/opt/homebrew/bin/x", `${home}/bin/x`, `${places.runtime}/x`, "/System/Library/CoreServices/Finder.app/x", "/usr/lib/x"], false),
  ...each("file-map-executable", [...libraries.map((path) => `${path}/x.dylib`), places.runtime, ...granted, ...owned, ...granted.map((path) => `${path}/x.so`), ...owned.map((path) => `${path}/x.so`)], true),
  ...each("file-map-executable", [...libraries.map((path) => `${path}x/y.dylib`), "/usr/local/lib/x.dylib", `${home}/x.dylib`, `${places.runtime}/x`, trustBundle], false),
  ...each("file-ioctl", ["/usr/lib/x", "/System/Library/x", `${places["read-grant"]}/x`, "/private/etc/localtime", "/etc", "/dev/urandom"], false),
  ...["signal", "process-info-pidinfo", "process-info-listpids"].flatMap((operation) => [strict(`${operation} among its own`, { operation, target: "same-sandbox" }, true), strict(`${operation} of others`, { operation, target: "others" }, false)]),
  ...sysctls.map((name) => strict(`sysctl ${name}`, { operation: "sysctl-read", name }, true)),
  ...["kern.procargs2", "kern.proc.all", "kern.proc.pid.1", "kern.bootargs", "net.routetable.0.0.1.0", "kern.boottime", "kern.uuid"].map((name) => strict(`sysctl ${name}`, { operation: "sysctl-read", name }, false)),
  strict("setting a sysctl", { operation: "sysctl-write", name: "kern.hostname" }, false),
];

const outside: Case[] = [
  ...ports.map((port) => strict(`its own port ${port}`, { operation: "network-outbound", remote: `localhost:${port}` }, true)),
  ...["localhost:5432", "localhost:9222", "93.184.215.14:443", "169.254.169.254:80", "/private/var/run/mDNSResponder", `${runDirectory}/sockets/e`, "/private/var/run/docker.sock"].map((remote) => strict(`connecting to ${remote}`, { operation: "network-outbound", remote }, false)),
  ...ports.map((port) => strict(`being connected to from ${port}`, { operation: "network-inbound", remote: `localhost:${port}` }, false)),
  ...users.map((name) => strict(`handing on ${name}`, { operation: "mach-issue-extension", name }, false)),
  ...["network-bind", "network-inbound", "system-socket", "appleevent-send", "lsopen", "mach-register", "mach-priv-task-port", "iokit-open", "ipc-posix-sem", "ipc-posix-shm-read-data", "ipc-posix-shm-write-data", "user-preference-read"].map((operation) => strict(operation, { operation, target: "others" }, false)),
  ...users.map((name) => strict(`service ${name}`, { operation: "mach-lookup", name }, true)),
  ...[...fatalServices, ...otherServices].map((name) => strict(`service ${name}`, { operation: "mach-lookup", name }, false)),
];

/** Every name in the list that guards what is applied, put where it would be obeyed. */
function guarded(): string[] {
  const source = readFileSync(new URL("../../../main/changes/protected.ts", import.meta.url), "utf8");
  const words = [...source.matchAll(/"([^"\s]+)"/g)].map(([, word = ""]) => word);
  const git = inGit.source.replaceAll("\\", "").replace(/^\^\(\?:|\)\(\?:\/\|\$\)$/g, "").split("|");
  const paths = [...words.flatMap((word) => [word, `${word}/x`, `b${word}`]), ...git.flatMap((name) => [`.git/${name}`, `.git/${name}/x`]), "Microsoft/Word/Startup/x", "Microsoft/Excel/Startup/x"].map((path) => `a/${path}`);
  return [...new Set(paths.filter((path) => protectedRule(path) !== undefined))];
}
export const guardedPaths = guarded();

const last: Case[] = [
  ...guardedPaths.flatMap((path) => [path, path.toUpperCase(), `${path} .`].filter((spelt) => protectedRule(spelt) !== undefined).flatMap((spelt) => ["file-write-create", write].map((operation) => opened(`${operation} ${spelt} in an original`, { operation, path: `${places["edit-original"]}/${spelt}` }, false)))),
  ...["plain.txt", "a/github/hooks/x", "a/.gitignore", "a/.git/objects/x", "a/sshx/y", "a/.sshx", "a/profile", "a/config", "a/x.xlsx", "a/Microsoft/Word/x", "a/x.desktop.txt", "a/autostarted/x"].map((path) => opened(`writing ${path} in an original`, { operation: write, path: `${places["edit-original"]}/${path}` }, true)),
  opened("deleting a hook in an original", { operation: "file-write-unlink", path: `${places["edit-original"]}/.git/hooks/pre-commit` }, false),
  opened("reading a hook in an original", { operation: read, path: `${places["edit-original"]}/.git/hooks/pre-commit` }, true),
  ...[...ways, places["edit-grant"]].flatMap((path) => ["file-write-unlink", "file-write-create"].map((operation) => opened(`${operation} ${path}`, { operation, path }, false))),
  ...owned.map((path) => opened(`moving ${path} away`, { operation: "file-write-unlink", path }, false)),
  ...[...ways, ...owned].flatMap((path) => [opened(`reading ${path}`, { operation: read, path }, true)]),
  ...["file-write-unlink", "file-write-create"].map((operation) => opened(`${operation} elsewhere`, { operation, path: `${home}/x` }, true)),
  ...[places.keychains, "/Library/Keychains", places.ssh, `${home}/.gnupg`, places.autostart].flatMap((path) => [path, `${path}/x`].flatMap((one) => [read, write, "file-read-metadata", "file-write-unlink", "file-clone"].map((operation) => opened(`${operation} ${one}`, { operation, path: one }, false)))),
  opened("reading elsewhere", { operation: read, path: `${home}/notes.txt` }, true), opened("writing elsewhere", { operation: write, path: `${home}/notes.txt` }, true),
  ...fatalServices.map((name) => opened(`service ${name}`, { operation: "mach-lookup", name }, false)), opened("another service", { operation: "mach-lookup", name: "com.apple.x" }, true),
  ...["lsopen", "appleevent-send", "mach-register", "mach-priv-task-port", "network-bind", "iokit-open"].map((operation) => opened(operation, { operation }, false)),
  ...["file-link", "file-write-setugid"].map((operation) => opened(operation, { operation, path: `${places["edit-grant"]}/x` }, false)),
];

export const cases: readonly Case[] = [...reading, ...writing, ...devices, ...processes, ...outside, ...last];
