/**
 * Ordinary work does not notice: what people and their tools do all day, in the real sandbox, as root and as a plain user.
 * A case that breaks counts like an attack that reaches. Each script ends with OK only when every line before it worked (set -e).
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { newToken } from "../../main/base/guardedSocket.ts";
import { removeTree } from "../../main/base/removeTree.ts";
import { startEgress } from "../../main/egress/egress.ts";
import { parseRule } from "../../main/egress/rule.ts";
import type { FeedEvent } from "../../protocol/event.ts";
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { failed } from "../../protocol/problem.ts";
import { give, inside, mount, outside, ownDirectory, people, type Finished, type Options, type Person } from "./person.ts";
import { cases, gitHome, typing, type Case } from "./ordinaryCases.ts";
import { openTally } from "./world.ts";

for (const tool of ["/usr/bin/cc", "/usr/bin/make", "/usr/bin/pip3", "/usr/bin/zip", "/usr/bin/unzip", "/usr/bin/top"]) {
  if (!existsSync(tool)) throw new Error(`${tool} is missing: without it these tests would say nothing`);
}

const crowd = await people();
const tally = openTally("ordinary work");
afterAll(() => {
  crowd.remove();
  tally.print();
});

/** A folder with a document, a deeper one and a repository, and an empty layer beside it. */
function makeFolder(person: Person): { path: string; folder: string; layer: string } {
  const path = ownDirectory(person);
  const [folder, layer] = [join(path, "Documents/our work"), join(path, "layer")];
  for (const directory of [join(folder, "deep/er"), join(folder, "repository"), join(layer, "upper"), join(layer, "work")]) mkdirSync(directory, { recursive: true });
  for (const file of ["plain.txt", "deep/er/plain.txt", "repository/readme"]) writeFileSync(join(folder, file), "granted\n");
  const git = (...words: string[]): void => void execFileSync("/usr/bin/git", ["-c", "user.name=P", "-c", "user.email=p@example.org", ...words], { cwd: join(folder, "repository"), env: { HOME: "/nonexistent", PATH: "/usr/bin:/bin" }, stdio: "ignore" });
  git("init");
  git("add", ".");
  git("commit", "-m", "first");
  give(person, path);
  return { path, folder, layer };
}

async function work(person: Person, one: Case, more: Partial<SandboxSpec> = {}): Promise<Finished> {
  const place = one.edit ? makeFolder(person) : undefined;
  const grant = place ? { folders: [mount(place.folder, "edit", place.layer)], directory: place.folder } : { directory: "/tmp" };
  const command = ["/bin/bash", "-c", `echo STARTED; set -euo pipefail\n${one.script}\necho OK`];
  const options: Options = { spec: { command, ...grant, ...(one.agent ? { withAgent: true } : {}), ...one.spec, ...more }, ...(one.pty ? { pty: true } : {}) };
  const before = place ? readFileSync(join(place.folder, "plain.txt"), "utf8") : "";
  const ran = await inside(person, "", options);
  if (place) {
    expect([readFileSync(join(place.folder, "plain.txt"), "utf8"), readdirSync(place.folder).sort()]).toEqual([before, ["deep", "plain.txt", "repository"]]);
    removeTree(place.path);
  }
  const fine = ran.code === 0 && /(^|\n)OK\r?\n$/.test(ran.stdout);
  if (fine) tally.addBenign(1);
  else throw new Error(`${one.name}: ended with ${ran.signal ?? ran.code}\n${ran.stdout.slice(-1000)}\n${ran.stderr.slice(-2000)}`);
  return ran;
}

/** A package registry on the host's own loopback: one python wheel, one npm package, and what was asked for. */
async function startRegistry(): Promise<{ port: number; asked: string[]; close(): void }> {
  const directory = ownDirectory(crowd.people[0] as Person);
  const wheel = "greeting-1.0-py3-none-any.whl";
  execFileSync("/usr/bin/python3", ["-c", `
import zipfile, sys
z = zipfile.ZipFile(sys.argv[1], "w")
z.writestr("greeting.py", "print('hello from a wheel')\\n")
z.writestr("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0\\n")
z.writestr("greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
z.writestr("greeting-1.0.dist-info/RECORD", "greeting.py,,\\ngreeting-1.0.dist-info/METADATA,,\\ngreeting-1.0.dist-info/WHEEL,,\\ngreeting-1.0.dist-info/RECORD,,\\n")`, join(directory, wheel)]);
  mkdirSync(join(directory, "package"));
  writeFileSync(join(directory, "package/package.json"), JSON.stringify({ name: "greeting", version: "1.0.0", main: "main.js", scripts: { install: "echo built > built.txt" } }));
  writeFileSync(join(directory, "package/main.js"), "module.exports = 'hello from a package';\n");
  execFileSync("/bin/tar", ["czf", "greeting-1.0.0.tgz", "package"], { cwd: directory });
  const tarball = readFileSync(join(directory, "greeting-1.0.0.tgz"));
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const url = request.url ?? "";
    asked.push(url);
    if (url === "/simple/greeting/") return void response.setHeader("content-type", "text/html").end(`<a href="/files/${wheel}">${wheel}</a>`);
    if (url === `/files/${wheel}`) return void response.end(readFileSync(join(directory, wheel)));
    if (url === "/greeting/-/greeting-1.0.0.tgz") return void response.end(tarball);
    if (url === "/greeting") {
      const dist = { tarball: `http://${request.headers.host}/greeting/-/greeting-1.0.0.tgz`, integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}` };
      return void response.setHeader("content-type", "application/json").end(JSON.stringify({ name: "greeting", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": { name: "greeting", version: "1.0.0", dist, hasInstallScript: true } } }));
    }
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, asked, close: () => server.close() };
}

/** The real broker with one rule; its socket belongs to the person. */
async function openBroker(person: Person, port: number): Promise<{ spec: Partial<SandboxSpec>; close(): Promise<void> }> {
  const rule = parseRule(`127.0.0.1:${port}`);
  if (!rule.ok) throw new Error(rule.problem.message);
  const [socketPath, token] = [join(ownDirectory(person), "e"), newToken()];
  const egress = await startEgress({
    at: { socketPath, token }, conversation: "c", turn: () => undefined, rules: () => [rule.value], secrets: [], lend: () => failed("no-key", "none"), record: (draft) => draft as FeedEvent,
  });
  chownSync(socketPath, person.uid, person.gid);
  return { spec: { egressSocket: socketPath, socketToken: token, environment: { NO_PROXY: "localhost,::1", no_proxy: "localhost,::1" } }, close: egress.close };
}

/** npm as it stands beside the Node that runs this, readable by the person. */
function copyNpm(person: Person): string {
  const cli = [process.env["npm_execpath"], "/usr/bin/npm", ...(process.env["PATH"] ?? "").split(":").map((part) => join(part, "npm"))].find((path) => path !== undefined && existsSync(path) && realpathSync(path).endsWith("npm-cli.js"));
  if (!cli) throw new Error("npm is missing: without it these tests would say nothing");
  const path = join(ownDirectory(person), "npm");
  cpSync(dirname(dirname(realpathSync(cli))), path, { recursive: true, dereference: true });
  give(person, path);
  return path;
}

describe.each(crowd.people)("as $name", (person) => {
  test.each(cases)("$name", async (one) => {
    await work(person, one);
  }, 90_000);

  test("the person's own git repository is granted for reading and cloned into the home", async () => {
    const place = makeFolder(person);
    await work(person, { name: "clone from a read-only grant", script: `${gitHome()}; git config --global safe.directory '*'; git clone -q "file://${place.folder}/repository" ~/r; cd ~/r; [ "$(cat readme)" = granted ]; git -C "${place.folder}/repository" log --oneline | grep -q first; ! touch "${place.folder}/x" 2>/dev/null` }, { folders: [mount(place.folder, "read")] });
    removeTree(place.path);
  }, 60_000);

  test("pip installs from an allowed place through the proxy, and a refused place is refused", async () => {
    const registry = await startRegistry();
    const broker = await openBroker(person, registry.port);
    const script = `cd ~; python3 -m venv --without-pip --system-site-packages v; v/bin/python -m pip install -q --disable-pip-version-check --index-url http://127.0.0.1:${registry.port}/simple --trusted-host 127.0.0.1 greeting; v/bin/python -m greeting; ! curl -sf http://127.0.0.1:1/ >/dev/null`;
    const ran = await work(person, { name: "pip through the proxy", script }, broker.spec);
    expect(ran.stdout).toContain("hello from a wheel");
    expect(registry.asked).toEqual(["/simple/greeting/", "/files/greeting-1.0-py3-none-any.whl"]);
    await broker.close();
    registry.close();
  }, 90_000);

  test("npm installs a package with its install script from an allowed place through the proxy", async () => {
    const registry = await startRegistry();
    const broker = await openBroker(person, registry.port);
    const npm = copyNpm(person);
    const script = `mkdir -p ~/bin ~/p; ln -s /opt/bulkhead/node ~/bin/node; export PATH=~/bin:$PATH; cd ~/p; node "${npm}/bin/npm-cli.js" init -y >/dev/null; node "${npm}/bin/npm-cli.js" install --registry http://127.0.0.1:${registry.port}/ --no-audit --no-fund --loglevel=error --foreground-scripts greeting; node -p 'require("greeting")'`;
    const ran = await work(person, { name: "npm through the proxy", script }, { ...broker.spec, withAgent: true, folders: [mount(npm, "read")] });
    expect(ran.stdout).toContain("hello from a package");
    expect(registry.asked).toContain("/greeting/-/greeting-1.0.0.tgz");
    await broker.close();
    registry.close();
  }, 120_000);

  test("a person types at a confined shell on their own terminal: Ctrl-Z, bg, fg, Ctrl-C, the exit code", async () => {
    const job = { dist: join(person.program, "dist"), runDirectory: ownDirectory(person), spec: { command: ["/bin/bash", "--norc", "-i"] } };
    const argv = JSON.stringify([person.node, join(person.program, "test/confinement/handedRunner.ts"), JSON.stringify(job)]);
    const ran = await outside(person, ["/usr/bin/python3", "-c", typing(`__import__("json").loads(${JSON.stringify(argv)})`)]);
    expect(ran).toMatchObject({ stdout: "typed\n", code: 0 });
    tally.addBenign(1);
  }, 90_000);
});
