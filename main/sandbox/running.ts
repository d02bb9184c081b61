/** One sandbox that runs, the same on Linux and macOS. */
import type { Readable, Writable } from "node:stream";
import type { LimitHit, LimitTier } from "../../protocol/event.ts";

export interface SandboxEnd { code: number | null; signal?: string; timeUp?: boolean; /** The limit that ended it. */ hit?: LimitHit }

export interface Running {
  /** Host pid of the sandbox's process 1. */
  pid: number;
  /** From the call to the command's exec. */
  ms: number;
  backend: "bubblewrap" | "seatbelt";
  /** Who holds the totals of memory and processes: the kernel's control group, or limits per process and our own watch. */
  limits: LimitTier;
  exited: Promise<SandboxEnd>;
  /** Ends the whole tree; resolves with the milliseconds that took. */
  stop(): Promise<number>;
  /** No process inside runs until `resume`; the wall time waits too. `stop` works meanwhile. */
  pause(): Promise<void>;
  /** Goes on, also after a limit froze it: then as much again is allowed. */
  resume(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** What the person saved in a granted folder meanwhile is seen inside, under names looked up before too. */
  refresh(): Promise<void>;
  resize(cols: number, rows: number): void;
  processes(): Promise<{ pid: number; command: string }[]>;
  streams?: { stdin: Writable; stdout: Readable; stderr: Readable };
}
