/**
 * Spec → plan, as a pure function: the whole truth about what one launch may touch.
 * Accepts a parsed SandboxSpec and facts about this machine. Everything that is not named here does not exist inside.
 * It never adds a path, a variable or a right that neither the spec nor the closed lists below name.
 */
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { defaultFileBytes } from "./limits.ts";
import type { Lack } from "./features.ts";

/** What the plan needs to know about the machine; read once by readHost. */
export interface HostFacts {
  /** The mount point for the keeper's root: an empty directory of ours. */
  root: string;
  /** /usr and its siblings: a link as it is, or a directory to bind. */
  system: { path: string; link?: string }[];
  /** The short /etc list, as found: `from` is the real file or directory. */
  etc: { path: string; from?: string; link?: string }[];
  /** Whether /etc/ssl/certs/ca-certificates.crt exists to be covered. */
  trustStore: boolean;
  /** The entries of /proc that are no processes: what exists of the covers below. */
  proc: string[];
  asRoot: boolean;
  /** Options that this machine's bubblewrap does not know and that the plan can do without (features.ts). Absent: it knows them all. */
  lacks?: readonly Lack[];
  node: string;
  agent: string;
  launcher: { path: string; device: string; inode: string };
}

export interface WorkerMount { host: string; inside: string; write: boolean }

export interface Plan {
  /** The keeper's steps in order; the first word is the step. */
  mounts: string[][];
  /** bubblewrap's whole argument list. */
  argv: string[];
  /** What process 1 does: limits, bridges, the command. */
  init: string[];
  environment: { [name: string]: string };
}

export const insideHome = "/home/agent";
const run = "/run/bulkhead";
/** Over the system's own bundle where there is one, so that programs that read no variable trust the same. */
const trustPath = (host: HostFacts): string => (host.trustStore ? "/etc/ssl/certs/ca-certificates.crt" : `${run}/trust.pem`);
const proxy = "http://127.0.0.1:3128";
/** /proc as a whole is read-only. Covered by the null device besides, because they show the host: docs/seccomp.md says what each shows, and why the rest is left. */
const maskedProc = [
  "keys", "key-users", "kallsyms", "modules", "cmdline", "bootconfig", "interrupts", "softirqs", "diskstats", "partitions", "swaps", "mdstat", "sched_debug", "timer_stats", "latency_stats",
].map((name) => `/proc/${name}`);
/** Directories of drivers, file systems and devices of the host: empty. */
const emptyProc = ["fs", "scsi", "asound", "acpi", "bus", "driver", "irq", "dynamic_debug"].map((name) => `/proc/${name}`);
/** Started as root the processes inside own root's files there. */
const maskedForRoot = ["kcore", "vmcore", "kmsg", "kpagecount", "kpageflags", "kpagecgroup", "timer_list", "vmallocinfo", "allocinfo", "slabinfo", "pagetypeinfo", "sysrq-trigger"].map((name) => `/proc/${name}`);

const accounts = {
  "/etc/passwd": `root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:1000:1000:agent:${insideHome}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
  "/etc/group": "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n",
  "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
  "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
  "/etc/resolv.conf": "",
} as const;

export function planLaunch(spec: SandboxSpec, host: HostFacts, worker: readonly WorkerMount[] = []): Plan {
  const environment = planEnvironment(spec, trustPath(host));
  return { mounts: planMounts(spec, host, worker), argv: planArguments(spec, host), init: planInit(spec, environment), environment };
}

function planMounts(spec: SandboxSpec, host: HostFacts, worker: readonly WorkerMount[]): string[][] {
  const plain = (from: string, inside: string): string[] => ["read", from, inside, "-", "-"];
  const bytes = String(spec.limits.privateBytes);
  // bubblewrap makes two user namespaces in the keeper's; the kernel refuses a third, also where bubblewrap has no --disable-userns.
  const steps: string[][] = [["namespaces", "2"], ["root", host.root]];
  for (const { path, link } of host.system) steps.push(link === undefined ? plain(path, path) : ["link", link, path]);
  for (const { path, from, link } of host.etc) steps.push(link === undefined ? plain(from ?? path, path) : ["link", link, path]);
  for (const [path, text] of Object.entries(accounts)) steps.push(["file", path, text]);
  steps.push(["tmpfs", insideHome, "0700", bytes], ["tmpfs", "/tmp", "1777", bytes], varTmp(spec, bytes), ["dir", "/proc"], ["dir", "/dev"]);
  // Order matters: the system first, then folders from the outer to the inner, then what is ours: the last mount wins.
  for (const folder of [...spec.folders].sort((a, b) => depth(a.path) - depth(b.path))) {
    const identity = [folder.device, folder.inode];
    if (folder.access === "read") steps.push(["show", folder.path, folder.path, ...identity]);
    else steps.push(["edit", folder.path, folder.path, ...identity, folder.upper ?? "", folder.work ?? ""]);
  }
  for (const mount of [...worker].sort((a, b) => depth(a.inside) - depth(b.inside))) steps.push([mount.write ? "write" : "read", mount.host, mount.inside, "-", "-"]);
  if (host.lacks?.includes("--size")) steps.push(["tmpfs", `${run}/shm`, "1777", bytes]);
  if (spec.withAgent) steps.push(plain(host.node, "/opt/bulkhead/node"), plain(host.agent, "/opt/bulkhead/agent"));
  if (spec.trustBundle) steps.push(plain(spec.trustBundle, trustPath(host)));
  for (const [socket, name] of [[spec.egressSocket, "egress"], [spec.gatewaySocket, "gateway"], [spec.linkSocket, "link"]] as const) {
    if (socket) steps.push(plain(socket, `${run}/${name}.sock`));
  }
  steps.push(["read", host.launcher.path, `${run}/init`, host.launcher.device, host.launcher.inode]);
  return steps;
}

/** One place under two names, but where a granted folder lies in it: below a link nothing is mounted. */
function varTmp(spec: SandboxSpec, bytes: string): string[] {
  return spec.folders.some(({ path }) => path.startsWith("/var/tmp/")) ? ["tmpfs", "/var/tmp", "1777", bytes] : ["link", "../tmp", "/var/tmp"];
}

function planArguments(spec: SandboxSpec, host: HostFacts): string[] {
  const present = (always: string[], asRoot: string[]): string[] => [...always, ...(host.asRoot ? asRoot : [])].filter((path) => host.proc.includes(path));
  const knows = (option: Lack): boolean => !host.lacks?.includes(option);
  const shared = knows("--size") ? ["--size", String(spec.limits.privateBytes), "--tmpfs", "/dev/shm"] : ["--bind", `${host.root}${run}/shm`, "/dev/shm"];
  return [
    "/usr/bin/bwrap", "--unshare-all", "--unshare-user", ...(knows("--disable-userns") ? ["--disable-userns"] : []), "--uid", "1000", "--gid", "1000", "--hostname", "bulkhead",
    "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL",
    "--bind", host.root, "/",
    "--proc", "/proc",
    ...present(maskedProc, maskedForRoot).flatMap((path) => ["--ro-bind", "/dev/null", path]),
    // The keeper's root has an empty directory where /proc will be.
    ...present(emptyProc, []).flatMap((path) => ["--ro-bind", `${host.root}/proc`, path]),
    "--remount-ro", "/proc",
    "--dev", "/dev", ...shared, "--remount-ro", "/dev",
    "--remount-ro", "/", "--chdir", "/",
    "--seccomp", "5", "--", `${run}/init`, "init",
  ];
}

function planEnvironment(spec: SandboxSpec, trust: string): { [name: string]: string } {
  const variables = spec.trustBundle === undefined ? [] : ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"];
  const proxies = spec.egressSocket === undefined ? [] : ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"];
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", HOME: insideHome, USER: "agent", LOGNAME: "agent", SHELL: "/bin/sh",
    LANG: "C.UTF-8", TERM: "xterm-256color", TMPDIR: "/tmp",
    ...Object.fromEntries(proxies.map((name) => [name, proxy])),
    NO_PROXY: "localhost,127.0.0.1,::1", no_proxy: "localhost,127.0.0.1,::1",
    ...Object.fromEntries(variables.map((name) => [name, trust])),
    ...spec.environment,
  };
}

function planInit(spec: SandboxSpec, environment: { [name: string]: string }): string[] {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return [
    "processes", String(spec.limits.processes), "files", String(spec.limits.openFiles), "bytes", String(spec.limits.fileBytes ?? defaultFileBytes),
    "directory", spec.directory ?? spec.folders[0]?.path ?? insideHome,
    ...(spec.egressSocket ? ["listen", "3128", `${run}/egress.sock`, spec.socketToken ?? ""] : []),
    ...(spec.gatewaySocket ? ["listen", "3129", `${run}/gateway.sock`, spec.socketToken ?? ""] : []),
    ...(spec.linkSocket ? ["listen", "3130", `${run}/link.sock`, spec.socketToken ?? ""] : []),
    "environment", String(variables.length), ...variables,
    "command", String(spec.command.length), ...spec.command,
  ];
}

const depth = (path: string): number => path.split("/").length;

/** Strings as the launcher reads them: length, bytes, NUL. */
function packed(strings: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(strings.flatMap((text) => {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    const head = Buffer.alloc(4);
    head.writeUInt32LE(bytes.length);
    return [head, bytes, Buffer.alloc(1)];
  }));
}

/** The plan as one message to the launcher; the filter travels in it, so the bytes that were checked are the bytes that are loaded. */
export function planMessage(plan: Plan, filter: Buffer): Buffer {
  const body = packed([...plan.mounts.flat(), ...plan.argv.flatMap((word) => ["arg", word]), "seccomp", filter, "init", measured(packed(plan.init))]);
  return measured(body);
}

function measured(body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

/** Why a spec cannot be launched at all, or undefined. Names and paths come from people and rules: they are checked before anything runs. */
export function specFault(spec: SandboxSpec): string | undefined {
  const strings = [...spec.command, ...Object.entries(spec.environment).flat(), spec.directory ?? "", ...spec.folders.map((folder) => folder.path)];
  if (strings.some((text) => text.includes("\0"))) return "A NUL byte cannot be part of a command, a variable or a path.";
  const name = Object.keys(spec.environment).find((variable) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable));
  if (name !== undefined) return `${JSON.stringify(name)} is no name for an environment variable.`;
  const folder = spec.folders.find(({ path }) => !path.startsWith("/") || path.split("/").some((part) => part === ".." || part === "."));
  if (folder) return `${folder.path} is not an absolute, resolved path.`;
  const bare = spec.folders.find(({ access, upper, work }) => access === "edit" && !(upper && work));
  return bare ? `${bare.path} is to be edited but has no staging layer.` : undefined;
}
