/**
 * Set-up: the first thing `npm start` and `npm test` do. Checks the machine, installs what is missing where it may
 * (as root, or by sudo without a password), names one exact command where it may not, and builds what changed.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const pty = join(root, "node_modules/node-pty/build/Release/pty.node");

const say = (/** @type {string} */ text) => void process.stderr.write(`bulkhead: ${text}\n`);

/** Program → Debian package. */
const needed = { "/usr/bin/bwrap": "bubblewrap" };
const toBuild = { "/usr/bin/cc": "gcc", "/usr/bin/g++": "g++", "/usr/bin/make": "make" };
const forTestsOnly = {
  "/usr/bin/chromium": "chromium", "/usr/bin/gnome-keyring-daemon": "gnome-keyring", "/usr/bin/dbus-run-session": "dbus", "/usr/bin/curl": "curl",
  "/usr/bin/ps": "procps", "/usr/bin/git": "git", "/usr/bin/python3": "python3",
  "/usr/sbin/apparmor_parser": "apparmor", "/usr/bin/pip3": "python3-pip", "/usr/bin/zip": "zip", "/usr/bin/unzip": "unzip", "/usr/bin/cc": "gcc", "/usr/bin/make": "make",
};

/** @param {{ forTests: boolean }} options */
export async function setUp({ forTests }) {
  if (Number(process.versions.node.split(".")[0]) < 24) {
    say("Node 24 comes with the packages: run this by npm (npm start, npm test), which puts it first on the path.");
    process.exit(1);
  }
  if (process.platform === "linux") installPackages(forTests);
  if (process.platform === "linux" && !existsSync(pty)) compilePty();
  await build();
  hookUp();
}

/** @param {boolean} forTests */
function installPackages(forTests) {
  const compile = existsSync(pty) && existsSync(join(dist, "launcher/bulkhead-launcher")) ? {} : toBuild;
  const wanted = { ...needed, ...compile, ...(forTests ? forTestsOnly : {}) };
  const missing = Object.entries(wanted).filter(([program]) => !existsSync(program)).map(([, name]) => name);
  if (compile === toBuild && !findPython()) missing.push("python3");
  if (missing.length === 0) return;
  const names = [...new Set(missing)];
  const before = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const may = process.getuid?.() === 0 || spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0;
  if (may && existsSync("/usr/bin/apt-get")) {
    say(`installing ${names.join(", ")}`);
    const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const run = (/** @type {string[]} */ words) => spawnSync(words[0] ?? "", words.slice(1), { stdio: ["ignore", 2, 2], env: environment }).status;
    run([...before, "apt-get", "update", "-qq"]);
    if (run([...before, "apt-get", "install", "-y", "-qq", "--no-install-recommends", ...names]) === 0) return;
  }
  say(`these packages are missing; install them, then run this again:\nsudo apt-get install -y ${names.join(" ")}`);
  process.exit(1);
}

function findPython() {
  return spawnSync("python3", ["--version"], { stdio: "ignore" }).status === 0;
}

function compilePty() {
  say("compiling the PTY module");
  const headers = join(root, `node_modules/node-${process.platform}-${process.arch}`);
  const built = spawnSync("npm", ["rebuild", "node-pty", "--ignore-scripts=false", `--nodedir=${headers}`], { cwd: root, stdio: ["ignore", 2, 2] });
  if (built.status === 0 && existsSync(pty)) return;
  say("the PTY module could not be compiled: the lines above say why.");
  process.exit(1);
}

const parts = [
  { name: "native", sources: ["native-profiles", "build/native.mjs", "build/seccomp.mjs"], run: async () => (await import("./native.mjs")).buildNative({ root, dist, log: say }) },
  { name: "agent", sources: ["agent", "protocol", "build/agent.mjs", "package-lock.json"], run: async () => (await import("./agent.mjs")).buildAgent({ root, dist }) },
  { name: "worker", sources: ["main/changes", "protocol", "build/worker.mjs"], run: async () => (await import("./worker.mjs")).buildWorker({ root, dist }) },
  { name: "page", sources: ["renderer", "protocol", "build/page.mjs", "package-lock.json"], run: async () => (await import("./page.mjs")).buildPage({ root, dist }) },
  { name: "host", sources: ["main", "protocol", "build/host.mjs", "package-lock.json"], run: async () => (await import("./host.mjs")).buildHost({ root, dist }) },
];

async function build() {
  const stamps = join(dist, ".stamps");
  mkdirSync(stamps, { recursive: true });
  for (const part of parts) {
    const stamp = join(stamps, part.name);
    const now = hashOf(part.sources);
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) continue;
    say(`building ${part.name}`);
    rmSync(stamp, { force: true });
    await part.run();
    writeFileSync(stamp, now);
  }
}

/** @param {string[]} sources */
function hashOf(sources) {
  const hash = createHash("sha256").update(process.versions.node);
  for (const source of sources) {
    const path = join(root, source);
    const files = existsSync(path) && !/\.(mjs|json)$/.test(source) ? readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)) : [path];
    for (const file of files.sort()) hash.update(file.slice(root.length)).update("\0").update(existsSync(file) ? readFileSync(file) : "");
  }
  return hash.digest("hex");
}

/** In a checkout of git the check runs before each push. */
function hookUp() {
  if (existsSync(join(root, ".git")) && !process.env["CI"]) spawnSync("git", ["config", "core.hooksPath", ".githooks"], { cwd: root, stdio: "ignore" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUp({ forTests: false });
