/** Compiles the launcher, writes the seccomp filters, and notes the hashes that every launch checks. Linux only; elsewhere there is nothing to build. */
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seccompBytes } from "./seccomp.mjs";

const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-static", "-s"];

/** Rebuilds only what is older than its sources. Throws with the compiler's own words where it fails. */
export function buildNative({ root, dist, log }) {
  if (process.platform !== "linux") return;
  const sources = join(root, "native-profiles/launcher");
  const launcher = join(dist, "launcher/bulkhead-launcher");
  mkdirSync(join(dist, "launcher"), { recursive: true });
  mkdirSync(join(dist, "seccomp"), { recursive: true });
  const files = readdirSync(sources).filter((name) => /\.[ch]$/.test(name)).map((name) => join(sources, name));
  const newest = Math.max(...files.map((file) => statSync(file).mtimeMs), statSync(new URL(import.meta.url)).mtimeMs);
  if (!existsSync(launcher) || statSync(launcher).mtimeMs < newest) {
    log("compiling the launcher");
    const beside = `${launcher}.${process.pid}`;
    execFileSync("cc", [...flags, "-o", beside, ...files.filter((file) => file.endsWith(".c"))], { stdio: ["ignore", "inherit", "inherit"] });
    renameSync(beside, launcher);
  }
  const hashes = { "launcher/bulkhead-launcher": hash(readFileSync(launcher)) };
  for (const name of ["x64", "arm64"]) {
    const bytes = seccompBytes(name);
    replace(join(dist, `seccomp/${name}.bpf`), bytes);
    hashes[`seccomp/${name}.bpf`] = hash(bytes);
  }
  replace(join(dist, "hashes.json"), Buffer.from(`${JSON.stringify(hashes, null, 2)}\n`));
}

/** Written beside and renamed: a launch that reads meanwhile sees the old or the new file. */
function replace(path, bytes) {
  if (existsSync(path) && readFileSync(path).equals(bytes)) return;
  writeFileSync(`${path}.${process.pid}`, bytes);
  renameSync(`${path}.${process.pid}`, path);
}

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");
