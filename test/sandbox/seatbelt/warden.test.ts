/** start.sh and warden.sh for real, in a cage that this system has: what macOS's own does is tried by build/macCheck.sh on a Mac. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTerminal } from "../../../main/sandbox/terminal.ts";
import { runCaged, type Caged, type WardenRun } from "../../../main/sandbox/warden.ts";

if (!existsSync("/usr/bin/bwrap")) throw new Error("/usr/bin/bwrap is missing: without it these tests would say nothing");

let place = "";
beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), "bulkhead-warden-")));
  for (const name of ["home", "forbidden"]) mkdirSync(join(place, name));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const cage = (extra: string[] = []): string[] => ["/usr/bin/bwrap", "--unshare-pid", "--dev-bind", "/", "/", "--proc", "/proc", "--tmpfs", join(place, "forbidden"), "--remount-ro", join(place, "forbidden"), ...extra, "--"];
const limits = { processes: 4096, openFiles: 256, fileBytes: 1 << 30 };
const run = (script: string, more: Partial<WardenRun> = {}) =>
  runCaged({ cage: cage(), command: ["/bin/bash", "-c", script], environment: { PATH: "/usr/bin:/bin", MARK: "a b\nc" }, directory: join(place, "home"), forbidden: join(place, "forbidden"), stdio: ["pipe", "pipe", "pipe"], limits, ...more });

async function text(caged: Caged): Promise<string> {
  let said = "";
  for await (const part of caged.streams?.stdout.setEncoding("utf8") ?? []) said += part as string;
  return said;
}
async function started(script: string, more: Partial<WardenRun> = {}): Promise<Caged> {
  const ran = await run(script, more);
  if (!ran.ok) throw new Error(ran.problem.message);
  return ran.value;
}
const alive = (mark: string): boolean => execFileSync("/bin/ps", ["-axo", "args="], { encoding: "utf8" }).split("\n").some((line) => line === `sleep ${mark}`);

test("a command runs with the given environment and nothing else, three descriptors, its own session, its limits and its exit code", async () => {
  const caged = await started("env | grep -v ^_=; ls /proc/self/fd | wc -l; ulimit -n; ulimit -c; pwd; ps -o sid= -p $$ | tr -d ' '; exit 7", { environment: { PATH: "/usr/bin:/bin", MARK: "x y", HOME: "/nowhere" } });
  const said = (await text(caged)).split("\n");
  expect(said.filter((line) => /^[A-Z]+=/.test(line) && !line.startsWith("SHLVL=")).sort()).toEqual(["HOME=/nowhere", "MARK=x y", "PATH=/usr/bin:/bin", `PWD=${place}/home`]);
  // Three and the one that `ls` opens.
  expect(said.slice(said.findIndex((line) => line === "4"), -2).slice(0, 4)).toEqual(["4", "256", "0", `${place}/home`]);
  expect(await caged.ended).toEqual({ code: 7 });
});

test("where nothing confines, nothing starts: neither without a cage, nor in one that leaves signals, reading or writing open", async () => {
  const [shut, open] = [join(place, "forbidden"), join(place, "marker")];
  const cages: { [what: string]: string[] } = {
    "unconfined signal": ["/usr/bin/env"],
    "unconfined read": ["/usr/bin/bwrap", "--unshare-pid", "--dev-bind", "/", "/", "--proc", "/proc", "--"],
    // It hides what is read but takes what is written: an empty, writable place.
    "unconfined write": ["/usr/bin/bwrap", "--unshare-pid", "--dev-bind", "/", "/", "--proc", "/proc", "--tmpfs", shut, "--"],
  };
  for (const [what, leaky] of Object.entries(cages)) {
    const ran = await run(`touch ${open}`, { cage: leaky });
    expect([what, ran]).toMatchObject([what, { ok: false, problem: { code: "no-containment" } }]);
    expect(ran.ok ? "" : ran.problem.message).toContain(what.slice("unconfined ".length));
    expect(existsSync(open)).toBe(false);
  }
  expect((await (await started(`touch ${open}`)).ended).code).toBe(0);
  expect(existsSync(open)).toBe(true);
});

test("a cage that does not start, starts nothing", async () => {
  for (const broken of [["/nonexistent/cage"], ["/bin/false"], ["/bin/true"]]) {
    expect(await run(`touch ${join(place, "marker")}`, { cage: broken })).toMatchObject({ ok: false, problem: { code: "no-containment" } });
  }
  expect(existsSync(join(place, "marker"))).toBe(false);
});

test("stop ends the whole cage: children, double forks, own sessions, who ignores TERM", async () => {
  const mark = `7${process.pid}`;
  const caged = await started(`trap '' TERM HUP; (setsid sleep ${mark} &) ; (sleep ${mark} &); nohup sleep ${mark} >/dev/null 2>&1 & echo ready; sleep ${mark}`);
  await new Promise((resolve) => caged.streams?.stdout.once("data", resolve));
  expect(alive(mark)).toBe(true);
  expect((await caged.tree.look()).some(({ command }) => command === `sleep ${mark}`)).toBe(true);
  await caged.kill();
  expect(alive(mark)).toBe(false);
});

test("a command that ends leaves nothing behind, and nothing of the app's own is touched", async () => {
  const mark = `8${process.pid}`;
  const beside = (await import("node:child_process")).spawn("/bin/sleep", [`9${process.pid}`]);
  const caged = await started(`(setsid sleep ${mark} >/dev/null 2>&1 &); sleep 0.2; exit 3`);
  expect((await caged.ended).code).toBe(3);
  expect(alive(mark)).toBe(false);
  expect([beside.exitCode, beside.signalCode]).toEqual([null, null]);
  beside.kill();
});

test("where the warden was killed from inside, what was seen from outside is ended all the same", async () => {
  const mark = `6${process.pid}`;
  const caged = await started(`pkill -9 -f '[w]arden [0-9]'; (setsid sleep ${mark} &); echo ready; sleep ${mark}`);
  await new Promise((resolve) => caged.streams?.stdout.once("data", resolve));
  await caged.tree.look();
  expect(alive(mark)).toBe(true);
  await caged.kill();
  expect(alive(mark)).toBe(false);
});

test("on a terminal: it is the controlling one, has its size, and job control works", async () => {
  let said = "";
  const terminal = openTerminal(91, 31, (bytes) => (said += bytes.toString()));
  const { slave } = terminal;
  const caged = await started("stty size; exec 9<>/dev/tty && echo own; tty; set -m; sleep 0.1 & fg >/dev/null && echo jobs", { stdio: [slave, slave, slave], terminal: terminal.path, onSpawned: terminal.releaseSlave });
  await caged.ended;
  terminal.close();
  await terminal.ended;
  expect(said.split("\r\n").filter(Boolean)).toEqual(["31 91", "own", terminal.path, "jobs"]);
});

test("a limit that the system refuses, or a folder that is not there, refuses the launch", async () => {
  expect(await run("true", { directory: join(place, "gone") })).toMatchObject({ ok: false, problem: { code: "bad-input" } });
  expect(await run("true", { limits: { ...limits, openFiles: Number.NaN } })).toMatchObject({ ok: false, problem: { code: "no-containment" } });
  expect(await run("true", { environment: { UID: "0" } })).toMatchObject({ ok: false, problem: { code: "bad-input" } });
});

test("both scripts are plain enough for the shell of macOS: no word of bash that came after 3.2", () => {
  for (const name of ["start.sh", "warden.sh"]) {
    const source = readFileSync(join(import.meta.dirname, "../../../native-profiles/seatbelt", name), "utf8");
    expect(source).not.toMatch(/mapfile|readarray|declare -[An]|local -n|\$\{[a-z]+(?:,,|\^\^|@)|\|&|&>>|coproc|wait -n|\$EPOCH|read [^\n]*-t \./);
    execFileSync("/bin/bash", ["-n"], { input: source });
  }
  writeFileSync(join(place, "x"), "");
});
