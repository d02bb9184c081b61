/** Facts about this machine that the plan needs, and the proof that our own binaries are the ones that were built. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, lstatSync, mkdirSync, openSync, readFileSync, readlinkSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { readFeatures } from "./features.ts";
import type { HostFacts } from "./plan.ts";

/** /etc inside: these and the generated accounts, never the directory. */
const etcNames = ["ld.so.cache", "ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust/extracted", "localtime", "alternatives", "fonts", "mime.types", "os-release"];
const systemNames = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

const launcherName = "launcher/bulkhead-launcher";

export interface HostPlaces {
  dist: string;
  node: string;
  runDirectory: string;
  /** A file of ours that remembers what bubblewrap can do. */
  memory?: string;
}

export interface Host { facts: HostFacts; filter: Buffer }

const noContainment = (message: string, mend: string) => failed("no-containment", message, mend);

/** What was hashed already: a file with the same identity, size and change time (which no program can set back) need not be hashed again. */
export type Hashed = Map<string, { stamp: string; bytes: Buffer }>;

/** Checked at every launch: a launcher or filter that changed since it was built is refused. */
export function readHost(deps: HostPlaces, hashed: Hashed = new Map()): Outcome<Host> {
  if (process.platform !== "linux") return noContainment("bubblewrap exists on Linux only.", "bulkhead doctor");
  const bubblewrap = trusted("/usr/bin/bwrap");
  if (bubblewrap) return bubblewrap;
  const features = readFeatures(deps.memory);
  if (!features.ok) return features;
  const verified = readVerified(deps.dist, hashed);
  if (!verified.ok) return verified;
  mkdirSync(join(deps.runDirectory, "root"), { recursive: true, mode: 0o700 });
  return done({ filter: verified.value.filter, facts: readFacts(deps, verified.value.launcher) });
}

/** The machine as the plan sees it. Without a verified launcher the plan can be explained, not launched. */
export function readFacts(deps: HostPlaces, launcher?: HostFacts["launcher"]): HostFacts {
  return {
    root: join(deps.runDirectory, "root"),
    launcher: launcher ?? { path: join(deps.dist, launcherName), device: "-", inode: "-" },
    node: realpathSync(deps.node), agent: join(deps.dist, "agent"),
    system: systemNames.flatMap(systemEntry), etc: etcNames.flatMap(etcEntry),
    proc: existsSync("/proc") ? readdirSync("/proc").filter((name) => !/^\d/.test(name)).map((name) => `/proc/${name}`) : [],
    ...lacking(deps.memory), asRoot: process.getuid?.() === 0, trustStore: existsSync("/etc/ssl/certs/ca-certificates.crt"),
  };
}

function trusted(path: string): Outcome<never> | undefined {
  const install = "Install it: sudo apt install bubblewrap (or your distribution's package of that name).";
  try {
    const found = statSync(path);
    if (found.uid !== 0 || (found.mode & 0o022) !== 0 || (found.mode & 0o111) === 0) return noContainment(`${path} is not root's own program: it is not used.`, "Reinstall the package bubblewrap.");
    return undefined;
  } catch {
    return noContainment(`${path} is missing: without it nothing can be confined.`, install);
  }
}

/** Without an answer nothing is left out of the plan: it is explained in full, and no launch comes this far. */
function lacking(memory: string | undefined): Pick<HostFacts, "lacks"> {
  const features = readFeatures(memory);
  return features.ok ? { lacks: features.value.lacks } : {};
}

interface Verified { filter: Buffer; launcher: HostFacts["launcher"] }

function readVerified(dist: string, hashed: Hashed): Outcome<Verified> {
  const mend = "Install Bulkhead again (from source: npm run set-up).";
  const machine = process.arch === "x64" || process.arch === "arm64" ? process.arch : undefined;
  if (!machine) return noContainment(`There is no filter for ${process.arch} machines.`, "Use an x86-64 or arm64 machine.");
  try {
    const hashes = JSON.parse(readFileSync(join(dist, "hashes.json"), "utf8")) as { [name: string]: unknown };
    const read = (name: string): { bytes: Buffer; device: string; inode: string } => {
      const file = openSync(join(dist, name), "r");
      try {
        const { dev, ino, size, ctimeNs } = fstatSync(file, { bigint: true });
        const stamp = [dev, ino, size, ctimeNs, hashes[name]].join(" ");
        const known = hashed.get(name);
        const bytes = known?.stamp === stamp ? known.bytes : readFileSync(file);
        if (known?.stamp !== stamp && (bytes.length === 0 || createHash("sha256").update(bytes).digest("hex") !== hashes[name])) throw new Error(`${name} is not the file that was built`);
        hashed.set(name, { stamp, bytes });
        return { bytes, device: String(dev), inode: String(ino) };
      } finally {
        closeSync(file);
      }
    };
    const launcher = read(launcherName);
    const filter = read(`seccomp/${machine}.bpf`);
    return done({ filter: filter.bytes, launcher: { path: join(realpathSync(dist), launcherName), device: launcher.device, inode: launcher.inode } });
  } catch (error) {
    return noContainment(`The containment programs could not be verified: ${error instanceof Error ? error.message : String(error)}.`, mend);
  }
}

function systemEntry(path: string): { path: string; link?: string }[] {
  if (!existsSync(path)) return [];
  return lstatSync(path).isSymbolicLink() ? [{ path, link: readlinkSync(path) }] : [{ path }];
}

function etcEntry(name: string): { path: string; from?: string; link?: string }[] {
  const path = `/etc/${name}`;
  if (!existsSync(path)) return [];
  const real = realpathSync(path);
  // A link into /usr stays a link: what it names is inside anyway.
  if (lstatSync(path).isSymbolicLink() && real.startsWith("/usr/")) return [{ path, link: real }];
  return [{ path, from: real }];
}
