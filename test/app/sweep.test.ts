import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openRunDirectory, runDirectories, sweepRunDirectories } from "../../main/app/sweep.ts";
import { lifeOf, thisProcess } from "../../main/base/holder.ts";
import { createConversations } from "../../main/conversation/conversations.ts";
import { temporaryDirectory } from "../temporary.ts";

const root = resolve(import.meta.dirname, "../..");
const unwanted = (error: unknown): never => { throw error; };
const sweep = (directory: string): string[] => sweepRunDirectories({ directory, prefix: "r-" }, unwanted);

/** A process that says its own line and then waits to be killed. */
async function holder(): Promise<{ line: string; child: ChildProcess; kill(): Promise<void> }> {
  const program = `import { thisProcess } from "${root}/main/base/holder.ts"; console.log(thisProcess()); setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<string>((done) => child.stdout.once("data", (data: Buffer) => done(data.toString().trim())));
  const kill = (): Promise<void> => new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once("exit", () => done());
    child.kill("SIGKILL");
  });
  onTestFinished(kill);
  return { line, child, kill };
}

/** A run directory as a process leaves it, with `line` as its owner. */
function left(directory: string, line: string): string {
  const path = mkdtempSync(join(directory, "r-"));
  const { dev, ino, birthtimeNs } = lstatSync(path, { bigint: true });
  mkdirSync(join(path, "s-abcdef"));
  writeFileSync(join(path, "s-abcdef/roots.pem"), "x");
  writeFileSync(join(path, "owner"), `${dev} ${ino} ${birthtimeNs}\n${line}\n`);
  return path;
}

/** The line of a process that is gone: pid, start time and boot id are real ones. */
async function deadLine(): Promise<string> {
  const gone = await holder();
  await gone.kill();
  return gone.line;
}
const changed = (line: string, at: number, to: string): string => line.split(" ").map((word, index) => (index === at ? to : word)).join(" ");

test("a holder is dead only where that is certain: pid, start time, boot and namespaces are judged together", async () => {
  const living = await holder();
  const mine = thisProcess();
  expect([mine, living.line].map(lifeOf)).toEqual(["alive", "alive"]);
  const dead = await deadLine();
  const cases = {
    "ended": dead, "the pid was given to another": changed(dead, 1, String(process.pid)), "before the last boot": changed(mine, 3, "11111111-2222-3333-4444-555555555555"),
    "in another pid namespace": changed(dead, 4, "pid:[1],time:[1]"), "on another machine": changed(dead, 5, "elsewhere"), "on another machine, before its boot": changed(changed(dead, 3, "x"), 5, "elsewhere"),
    "a pid alone": "999999999", "nothing": "", "no start time": changed(dead, 2, "-"), "pid 0": changed(dead, 1, "0"), "more than a line": `${dead}\nx`,
  };
  expect(Object.fromEntries(Object.entries(cases).map(([name, line]) => [name, lifeOf(line)]))).toEqual({
    "ended": "dead", "the pid was given to another": "dead", "before the last boot": "dead",
    "in another pid namespace": "unknown", "on another machine": "unknown", "on another machine, before its boot": "unknown",
    "a pid alone": "unknown", "nothing": "unknown", "no start time": "unknown", "pid 0": "unknown", "more than a line": "unknown",
  });
  // What nobody collected yet runs no more.
  living.child.kill("SIGSTOP");
  expect(lifeOf(living.line)).toBe("alive");
});

test("a process in another pid namespace is never taken for dead, though its pid is free here", () => {
  const program = `import { thisProcess } from "${root}/main/base/holder.ts"; console.log(thisProcess());`;
  const line = execFileSync("/usr/bin/unshare", ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", process.execPath, "--input-type=module", "-e", program], { encoding: "utf8" }).trim();
  expect([line.split(" ")[1], lifeOf(line)]).toEqual(["1", "unknown"]);
});

test("the sweep removes what certainly dead processes left and nothing else, and waits for nothing", async () => {
  const directory = temporaryDirectory();
  const dead = await deadLine();
  const removed = [left(directory, dead), left(directory, changed(dead, 1, String(process.pid))), left(directory, changed(dead, 3, "an-earlier-boot"))];
  const bare = (make: (owner: string, path: string) => void, line = dead): string => {
    const path = left(directory, line);
    const owner = join(path, "owner");
    make(owner, path);
    return path;
  };
  const outside = join(directory, "outside");
  mkdirSync(outside, { mode: 0o700 });
  writeFileSync(join(outside, "kept"), "");
  symlinkSync(left(directory, dead), join(directory, "r-linked"));
  const linkedTarget = readdirSync(directory).filter((name) => name.startsWith("r-") && !removed.includes(join(directory, name)) && name !== "r-linked")[0] ?? "";
  chmodSync(join(directory, linkedTarget), 0o755);
  const kept = {
    living: left(directory, thisProcess()),
    "foreign namespace": left(directory, changed(dead, 4, "pid:[1],time:[1]")),
    "no owner": bare((owner) => rmSync(owner)),
    "an owner that is a FIFO": bare((owner) => { rmSync(owner); execFileSync("/usr/bin/mkfifo", [owner]); }),
    "an owner that is a link": bare((owner) => { renameSync(owner, `${owner}2`); symlinkSync(`${owner}2`, owner); }),
    "an owner that is a directory": bare((owner) => { rmSync(owner); mkdirSync(owner); }),
    "an owner that is too long": bare((owner) => writeFileSync(owner, `${readFileSync(owner, "utf8")}${"x".repeat(500)}`)),
    "another mode": bare((_, path) => chmodSync(path, 0o750)),
    "made anew from outside, with a copied owner": bare((_, path) => { cpSync(path, `${path}.old`, { recursive: true }); rmSync(path, { recursive: true }); cpSync(`${path}.old`, path, { recursive: true }); chmodSync(path, 0o700); }),
    ...(process.getuid?.() === 0 ? { "another user's": bare((_, path) => execFileSync("/bin/chown", ["12345", path])), "an owner of another user": bare((owner) => execFileSync("/bin/chown", ["12345", owner])) } : {}),
  };
  const begun = performance.now();
  expect(sweep(directory).sort()).toEqual(removed.sort());
  expect([performance.now() - begun < 5000, removed.filter(existsSync)]).toEqual([true, []]);
  for (const [name, path] of Object.entries(kept)) expect([name, existsSync(path), existsSync(join(path, "s-abcdef/roots.pem"))]).toEqual([name, true, true]);
  expect([existsSync(join(directory, linkedTarget, "owner")), lstatSync(join(directory, "r-linked")).isSymbolicLink(), existsSync(join(outside, "kept"))]).toEqual([true, true, true]);
});

test("a run directory is made at its first use, made anew where another took its place, and gone at the end", () => {
  const directory = temporaryDirectory();
  const run = openRunDirectory({ directory, prefix: "r-" });
  expect(readdirSync(directory)).toEqual([]);
  const first = run.path();
  expect([run.path(), sweep(directory), lstatSync(first).mode & 0o777, runDirectories({ directory, prefix: "r-" })]).toEqual([first, [], 0o700, [first]]);
  renameSync(first, join(directory, "moved"));
  cpSync(join(directory, "moved"), first, { recursive: true });
  const second = run.path();
  expect(second).not.toBe(first);
  run.close();
  expect([existsSync(second), existsSync(first)]).toEqual([false, true]);
});

test("a dead process's lock goes at the next start; a living one's, a FIFO, a link and what is beside it stay", async () => {
  const directory = temporaryDirectory();
  const conversations = createConversations({ directory, now: () => new Date() });
  const [dead, living] = [await deadLine(), await holder()];
  const make = (lock: (path: string) => void): { id: string; path: string } => {
    const { id } = conversations.create({ model: "practice" });
    const path = join(conversations.folder(id), "lock");
    writeFileSync(join(conversations.layer(id, "aaaaaaaaaaaa").upper, "staged.txt"), "staged");
    lock(path);
    return { id, path };
  };
  const stale = make((path) => writeFileSync(path, dead));
  const kept = [make((path) => writeFileSync(path, living.line)), make((path) => execFileSync("/usr/bin/mkfifo", [path])), make((path) => symlinkSync(join(directory, "dead"), path)), make((path) => writeFileSync(path, "")), make((path) => writeFileSync(path, changed(dead, 4, "pid:[1],time:[1]")))];
  writeFileSync(join(directory, "dead"), dead);
  expect(conversations.removeDeadLocks()).toEqual([stale.path]);
  expect(kept.map(({ id, path }) => [lstatSync(path, { throwIfNoEntry: false }) !== undefined, conversations.lock(id).ok])).toEqual(kept.map(() => [true, false]));
  for (const { id } of [stale, ...kept]) expect(readFileSync(join(conversations.layer(id, "aaaaaaaaaaaa").upper, "staged.txt"), "utf8")).toBe("staged");
  await living.kill();
  expect(conversations.lock(kept[0]?.id ?? "").ok).toBe(true);
});

test("of many that find the same dead lock at once exactly one takes it", async () => {
  const directory = temporaryDirectory();
  const dead = await deadLine();
  const program = `import { takeLock } from "${root}/main/conversation/lock.ts"; process.stdin.once("data", () => { const taken = takeLock(${JSON.stringify(join(directory, "lock"))}); console.log(taken.ok ? "taken" : "busy"); process.stdin.once("data", () => process.exit(0)); }); console.log("up");`;
  for (let round = 0; round < 2; round++) {
    writeFileSync(join(directory, "lock"), dead);
    const said: string[] = [];
    const children = await Promise.all(Array.from({ length: 5 }, async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
      await new Promise((done) => child.stdout.once("data", done));
      return child;
    }));
    const answers = children.map((child) => new Promise<void>((done) => child.stdout.once("data", (data: Buffer) => { said.push(data.toString().trim()); done(); })));
    for (const child of children) child.stdin.write("go\n");
    await Promise.all(answers);
    for (const child of children) child.stdin.write("end\n");
    await Promise.all(children.map((child) => new Promise((done) => child.once("exit", done))));
    expect([said.filter((one) => one === "taken").length, readdirSync(directory)]).toEqual([1, ["lock"]]);
  }
});
