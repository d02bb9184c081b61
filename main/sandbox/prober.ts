/** The probe program outside, as the prover's control, and a decoy for it to find. The same verified file that is bound into every sandbox. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { release } from "node:os";
import { done, type Outcome } from "../../protocol/problem.ts";
import type { ProofMachine } from "../../protocol/proof.ts";
import { readMachine } from "./doctor.ts";
import { readHost } from "./host.ts";
import { readFileSync } from "node:fs";

export interface Prober {
  machine: ProofMachine;
  /** Runs the steps outside, with the app's own environment and a descriptor more than it needs: that is what may not be found inside. */
  outside(steps: Buffer): Promise<string>;
  decoy(word: string): { pid: number; alive(): boolean; end(): void };
}

export function openProber(deps: { dist: string; node: string; runDirectory: string }): Outcome<Prober> {
  const host = readHost(deps);
  if (!host.ok) return host;
  const program = host.value.facts.launcher.path;
  const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  return done({
    machine: {
      kernel: release(), architecture: process.arch, bubblewrap: readMachine().bubblewrap ?? "unknown", root: process.getuid?.() === 0,
      launcher: hash(readFileSync(program)), filter: hash(host.value.filter),
    },
    outside: (steps) => runOutside(program, steps),
    decoy: (word) => startDecoy(program, word),
  });
}

function runOutside(program: string, steps: Buffer): Promise<string> {
  const child = spawn(program, ["probe"], { stdio: ["pipe", "pipe", "ignore", "pipe", "pipe"], env: process.env, cwd: "/", timeout: 15_000 });
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdin?.on("error", () => undefined).end(steps);
  return new Promise((resolve) => {
    child.on("error", () => resolve(""));
    child.on("close", () => resolve(said));
  });
}

/** Waits for a plan that never comes; it ends with its input, so with this process at the latest. */
function startDecoy(program: string, word: string): ReturnType<Prober["decoy"]> {
  const child = spawn(program, ["probe", word], { stdio: ["pipe", "ignore", "ignore"], env: {}, cwd: "/" });
  child.on("error", () => undefined);
  child.stdin?.on("error", () => undefined);
  return {
    // Not a number that any process has, where it did not start.
    pid: child.pid ?? 0,
    // A zombie counts as gone: what it is, is read from the kernel and not from events that may come later.
    alive: () => child.pid !== undefined && isRunning(child.pid),
    end: () => void child.kill("SIGKILL"),
  };
}

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
