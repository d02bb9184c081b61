/** The app is killed in mid-run; the next start finds what it left and removes it, and what the agent staged is there. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeTree } from "../../main/base/removeTree.ts";
import { bin, runBin } from "../journeys/app.ts";
import { sandboxTrees } from "./traces.ts";

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !holds(); await pause(20)) if (Date.now() > end) throw new Error(`not in time: ${what}`);
}

/** What only a sandbox of this run has: its namespaces, and the process itself where it stands in a pid namespace below ours. The second shows to a plain user too. */
function tracesOf(pid: number): string[] {
  const links = ["pid", "mnt", "user", "net"].flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
  return [...links, ...nested(pid)];
}

function nested(pid: number): string[] {
  try {
    const inner = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.split("\t") ?? [];
    return inner.length > ownDepth ? [`${pid} since ${readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19]}`] : [];
  } catch {
    return [];
  }
}
const ownDepth = (/^NSpid:\t(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "").split("\t").length;

const everyPid = (): number[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);

describeBoth("with a runtime directory", true);
describeBoth("without one", false);

function describeBoth(name: string, runtime: boolean): void {
  test.each([
    ["sandbox", (folder: string) => ["sandbox", "--folder", `${folder}:edit`, "--", "sh", "-c", `echo staged > '${folder}/made.txt'; setsid sleep 4000 & (setsid sleep 4000 &); echo UP >&2; sleep 4000`]],
    ["run", (folder: string) => ["run", "--folder", `${folder}:edit`, `run: echo staged > '${folder}/made.txt'; setsid sleep 4000 & sleep 4000`]],
  ] as const)(`bulkhead %s, killed in mid-run, ${name}`, async (verb, words) => {
    const place = realpathSync(mkdtempSync(join(tmpdir(), "bk-")));
    const [folder, temporary, run] = ["folder", "tmp", "run"].map((one) => join(place, one)) as [string, string, string];
    for (const one of [folder, temporary, run]) mkdirSync(one, { mode: 0o700 });
    writeFileSync(join(folder, "original.txt"), "original");
    const environment: NodeJS.ProcessEnv = { PATH: process.env["PATH"], HOME: place, TMPDIR: temporary, ...Object.fromEntries(["DATA", "CONFIG", "STATE", "CACHE"].map((one) => [`XDG_${one}_HOME`, join(place, one)])), ...(runtime ? { XDG_RUNTIME_DIR: run } : {}) };
    const home = { path: place, environment, remove: () => removeTree(place) };
    const runs = runtime ? join(run, "bulkhead") : temporary;
    const conversations = join(place, "DATA/bulkhead/conversations");
    const child: ChildProcess = spawn(process.execPath, [bin, ...words(folder)], { env: environment, stdio: "ignore" });
    const staged = (): string[] => globSync("*/staging/*/upper/made.txt", { cwd: conversations });
    await until("the command works inside", () => staged().length === 1 && sandboxTrees(child.pid ?? 0).some((pid) => commandOf(pid) === "sleep\x004000\0"));
    // The controls: while it lives there are processes in namespaces of its own, a run directory with sockets, and a lock.
    const tree = sandboxTrees(child.pid ?? 0).slice(1);
    const mine = tracesOf(process.pid);
    const theirs = [...new Set(tree.flatMap(tracesOf))].filter((one) => !mine.includes(one));
    const [left = ""] = readdirSync(runs);
    const lock = join(conversations, readdirSync(conversations)[0] ?? "", "lock");
    expect([tree.length >= 4, theirs.length >= 4, tree.flatMap(nested).length >= 3, readdirSync(runs).length, readdirSync(join(runs, left)).includes("owner"), existsSync(lock)]).toEqual([true, true, true, 1, true, true]);
    // A start beside it leaves the living one's things alone.
    expect((await runBin(["sandbox", "--", "true"], home)).code).toBe(0);
    expect([readdirSync(runs), existsSync(lock)]).toEqual([[left], true]);
    child.kill("SIGKILL");
    await until("every process and namespace is gone", () => !everyPid().some((pid) => pid !== process.pid && tracesOf(pid).some((one) => theirs.includes(one))));
    expect([tree.filter((pid) => tracesOf(pid).some((one) => theirs.includes(one))), readFileSync("/proc/self/mountinfo", "utf8").includes(place), existsSync(join(runs, left)), existsSync(lock)]).toEqual([[], false, true, true]);
    expect((await runBin(["sandbox", "--", "true"], home)).code).toBe(0);
    expect([verb, readdirSync(runs), existsSync(lock), staged().length, readFileSync(join(folder, "original.txt"), "utf8"), existsSync(join(folder, "made.txt"))]).toEqual([verb, [], false, 1, "original", false]);
    // And the staged change is a person's to apply.
    const id = lock.split("/").at(-2) ?? "";
    const listed = await runBin(["changes", "list", id, "--json"], home);
    expect([listed.code, listed.err]).toEqual([0, ""]);
    expect(JSON.parse(listed.out)).toMatchObject([{ path: join(folder, "made.txt"), change: "created" }]);
    home.remove();
  }, 90_000);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
