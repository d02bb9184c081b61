/** One run of the launcher: clean-exec, the plan and commands over descriptor 3, its reports back. */
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { constants } from "node:os";
import { PassThrough, type Duplex, type Readable, type Writable } from "node:stream";
import { done, type Outcome } from "../../protocol/problem.ts";
import { visible } from "../base/visible.ts";
import type { Through } from "./scope.ts";
import { describeFailure, type Failure } from "./trouble.ts";

export interface End { code: number | null; signal?: string }

export interface Launched {
  /** Of a piped run. Attached at the fork: what a quick command wrote waits here for its reader. */
  streams?: { stdin: Writable; stdout: Readable; stderr: Readable };
  pid: number;
  ended: Promise<End>;
  signal(name: NodeJS.Signals): void;
  /** Stops every process but process 1, or lets them go on: for where no control group freezes. */
  pause(paused: boolean): void;
  /** What the person saved in a granted folder meanwhile is seen inside, under names looked up before too. */
  refresh(): Promise<void>;
  /** Kills process 1 and with it the whole tree; resolves when the launcher is gone too. */
  kill(): Promise<void>;
}

export interface LauncherRun {
  launcher: string;
  /** A program of the system that starts the launcher in a control group; it becomes the launcher. */
  through?: Through | undefined;
  message: Buffer;
  stdio: [number | "pipe", number | "pipe", number | "pipe"];
  onStopped(): void;
  /** Right after the fork: the parent's copies of what the child inherited can go. */
  onSpawned?(): void;
}

const signalName = (number: number): string => Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;

export async function runLauncher(run: LauncherRun): Promise<Outcome<Launched>> {
  const stdio: StdioOptions = [...run.stdio, "pipe"];
  // An empty environment: what the app knows is not in /proc/PID/environ of anything we start.
  const { program, words, environment } = run.through ? { ...run.through, words: [...run.through.words, run.launcher, "launch"] } : { program: run.launcher, words: ["launch"], environment: {} };
  const child = spawn(program, words, { stdio, env: environment, cwd: "/", detached: true });
  run.onSpawned?.();
  const streams = holdStreams(child);
  const control = child.stdio[3] as Duplex | null;
  let failure: Failure | undefined;
  let last: End | undefined;
  const refreshing: (() => void)[] = [];
  let begun: (pid: number | undefined) => void;
  const started = new Promise<number | undefined>((resolve) => (begun = resolve));
  const take = (line: string): void => {
    const [event = "", first = "", second = ""] = line.split(" ", 3);
    if (event === "started") begun(Number(first));
    else if (event === "stopped") run.onStopped();
    else if (event === "refreshed") refreshing.shift()?.();
    else if (event === "ended") last = second === "0" ? { code: Number(first) } : { code: null, signal: signalName(Number(second)) };
    else if (event === "failed") failure = parseFailure(line);
  };
  const drained = control ? readLines(control, take) : Promise.resolve();
  const ended = new Promise<End>((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      failure ??= { step: "launcher", errno: error.errno === undefined ? 0 : -error.errno, text: error.message };
      begun(undefined);
      resolve({ code: null });
    });
    child.on("exit", (code, signal) => void drained.then(() => {
      begun(undefined);
      resolve(last ?? { code: signal ? null : code, ...(signal ? { signal } : {}) });
    }));
  });
  control?.on("error", () => undefined);
  control?.write(run.message);
  const pid = await started;
  if (pid === undefined) {
    await ended;
    return describeFailure(failure ?? { step: "launcher", errno: 0, text: "it ended without a word" });
  }
  const say = (line: string): void => {
    if (control?.writable) control.write(`${line}\n`);
  };
  return done({
    pid, ended, ...(streams ? { streams } : {}),
    refresh: () => Promise.race([ended.then(() => undefined), new Promise<void>((resolve) => {
      refreshing.push(resolve);
      say("refresh");
    })]),
    pause: (paused) => say(paused ? "pause" : "resume"),
    signal: (name) => say(`signal ${constants.signals[name]}`),
    async kill() {
      say("stop");
      await ended;
    },
  });
}

/** Node throws away what nobody reads yet when a child ends: a stream of ours between keeps it. */
function holdStreams(child: ChildProcess): Launched["streams"] {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) return undefined;
  // Written to after its end: `ended` tells that, an unhandled error would end the app.
  stdin.on("error", () => undefined);
  return { stdin, stdout: stdout.pipe(new PassThrough()), stderr: stderr.pipe(new PassThrough()) };
}

/** `failed ERRNO STEP<tab>TEXT`; a step may name a path with spaces. */
function parseFailure(line: string): Failure {
  const [, errno, step, text] = /^failed (\d+) ([^\t]*)\t?(.*)$/s.exec(line) ?? [];
  return { errno: Number(errno ?? 0), step: visible(step ?? line), text: visible((text ?? "").trim()) };
}

function readLines(stream: Duplex, take: (line: string) => void): Promise<void> {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
  });
  return new Promise((resolve) => stream.on("close", () => resolve()));
}
