/** What goes to the runner and what comes back. */
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";

export interface Job {
  dist: string;
  runDirectory: string;
  spec: Partial<SandboxSpec>;
  pty?: boolean;
  /** Stop the sandbox once this was printed; with `die`, the runner kills itself instead and never says anything. */
  stopWhen?: string;
  die?: boolean;
}

export type Result = { problem: string; message: string } | { stdout: string; stderr: string; code: number | null; signal?: string };
