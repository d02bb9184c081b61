/**
 * One confined run on macOS: start.sh outside (descriptors, terminal, limits), the caging program, warden.sh inside (proof, environment, command).
 * Nothing of the command starts unless warden.sh found that the cage holds: a file that we can read is not readable, nor writable, and we
 * cannot be signalled. Stop goes through the warden, which ends everything in its cage, then by what was seen of the tree from outside.
 */
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { PassThrough, type Duplex, type Readable, type Writable } from "node:stream";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { seatbeltPart } from "./seatbelt.ts";
import { watchTree, type Tree } from "./seatbeltTree.ts";

export interface WardenRun {
  /** The caging program with its arguments, by absolute path; what follows runs inside. */
  cage: string[];
  command: string[];
  environment: { [name: string]: string };
  directory: string;
  /** A place that the cage does not open, for the canary. */
  forbidden: string;
  stdio: [number | "pipe", number | "pipe", number | "pipe"];
  terminal?: string | undefined;
  limits: { processes: number; openFiles: number; fileBytes: number };
  onSpawned?(): void;
}

export interface Caged {
  pid: number;
  tree: Tree;
  ended: Promise<{ code: number | null; signal?: string }>;
  streams?: { stdin: Writable; stdout: Readable; stderr: Readable };
  /** Its pid may belong to somebody else from now on. */
  over(): boolean;
  kill(): Promise<void>;
}

const bash = ["-p", "-c"];
const startMs = 10_000;
const sweepMs = 500;
const lookMs = 1000;

export async function runCaged(run: WardenRun): Promise<Outcome<Caged>> {
  const canary = makeCanary(run.forbidden);
  const words = [
    ...bash, seatbeltPart("start.sh"), "start", run.terminal ?? "-", String(run.limits.processes), String(run.limits.openFiles), String(Math.ceil(run.limits.fileBytes / 1024)),
    ...run.cage, "/bin/bash", ...bash, seatbeltPart("warden.sh"), "warden", String(process.pid), canary, run.directory, ...run.command,
  ];
  // libuv starts children on macOS with POSIX_SPAWN_CLOEXEC_DEFAULT: what is not in stdio is closed, masters of other terminals too. start.sh closes once more.
  const child = spawn("/bin/bash", words, { env: {}, cwd: "/", detached: true, stdio: [...run.stdio, "pipe", "pipe"] });
  run.onSpawned?.();
  const { stdin, stdout, stderr } = child;
  stdin?.on("error", () => undefined);
  const streams = stdin && stdout && stderr ? { stdin, stdout: stdout.pipe(new PassThrough()), stderr: stderr.pipe(new PassThrough()) } : undefined;
  const [control, reports] = [child.stdio[3] as Duplex, child.stdio[4] as Duplex];
  const reported = readReports(reports);
  const ended = new Promise<{ code: number | null; signal?: string }>((resolve) => {
    child.on("error", () => resolve({ code: null }));
    child.on("exit", (code, signal) => resolve({ code, ...(signal ? { signal } : {}) }));
  });
  control.on("error", () => undefined);
  control.write(`${Object.entries(run.environment).map(([name, value]) => `${name}=${value}\0`).join("")}end\0`);
  const begun = await Promise.race([reported.begun, ended.then(() => "it ended without a word"), wait(startMs).then(() => "it did not start in time")]);
  rmSync(canary, { force: true });
  const pid = child.pid;
  if (begun !== "started" || pid === undefined) {
    child.kill("SIGKILL");
    control.destroy();
    await ended;
    return refuse(begun);
  }
  return done({ ...hold({ pid, ended, control, swept: reported.swept }), ...(streams ? { streams } : {}) });
}

interface Held { pid: number; ended: Caged["ended"]; control: Duplex; swept: Promise<void> }

function hold({ pid, ended, control, swept }: Held): Omit<Caged, "streams"> {
  const tree = watchTree(pid);
  const timer = setInterval(() => void tree.look(), lookMs);
  timer.unref();
  void tree.look();
  let cleared: Promise<void> | undefined;
  // Whoever ends first: the command by itself, or we. Then nothing of the launch may stay.
  const clear = (): Promise<void> => (cleared ??= (async () => {
    control.end("stop\n");
    await Promise.race([swept, wait(sweepMs)]);
    for (let tries = 0; tries < 20 && (await tree.signal("SIGKILL")) > 0; tries++) await wait(10);
    clearInterval(timer);
  })());
  let over = false;
  const gone = ended.then(async (end) => {
    over = true;
    await clear();
    return end;
  });
  return {
    pid, tree, ended: gone, over: () => over,
    async kill() {
      await clear();
      await gone;
    },
  };
}

/** A file that the person can read and write; the control is that we just did. */
function makeCanary(directory: string): string {
  const path = `${directory}/canary-${randomBytes(6).toString("hex")}`;
  const text = `${randomBytes(12).toString("hex")}\n`;
  writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  if (readFileSync(path, "utf8") !== text) throw new Error(`${path} cannot be read back`);
  return path;
}

function readReports(reports: Duplex): { begun: Promise<string>; swept: Promise<void> } {
  let rest = "";
  let begin: (word: string) => void;
  let sweep: () => void;
  const begun = new Promise<string>((resolve) => (begin = resolve));
  const swept = new Promise<void>((resolve) => (sweep = resolve));
  reports.setEncoding("utf8");
  reports.on("error", () => undefined);
  reports.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "swept") sweep();
      else begin(line);
    }
  });
  reports.on("close", () => sweep());
  return { begun, swept };
}

function refuse(said: string): Outcome<never> {
  if (said.startsWith("failed unconfined")) return failed("no-containment", `The system did not confine a program that it was told to confine (${said.slice(18)}): nothing was started.`, "bulkhead doctor");
  if (said === "failed directory") return failed("bad-input", "The working directory cannot be entered inside.", "Grant the folder, or name another directory.");
  if (said === "failed environment") return failed("bad-input", "A variable cannot be set inside under that name.", "Choose another name for it.");
  if (said === "failed limits") return failed("no-containment", "The system refuses the limits on processes, open files or file size.", "Ask for lower limits.");
  return failed("no-containment", `The sandbox could not be set up (${said.replace(/^failed /, "")}).`, "bulkhead doctor");
}

const wait = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
