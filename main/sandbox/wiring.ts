/** How one launch is connected to its caller: a PTY, pipes, or the caller's own streams. */
import type { LauncherRun } from "./launcher.ts";

/** How one launch is connected: what the launcher inherits, and what happens around its life. */
export interface Wiring {
  stdio: LauncherRun["stdio"];
  /** The name of the terminal that the command gets. */
  terminal?: string;
  onSpawned?(): void;
  onStopped?(launched: { signal(name: NodeJS.Signals): void }): void;
  onStarted?(launched: { signal(name: NodeJS.Signals): void }): void;
  resize(cols: number, rows: number): void;
  /** After the end: the last output is read, the caller's terminal is as it was. */
  finish(): Promise<void>;
}

/** The slave's last holder is gone with the sandbox; half a second is more than the rest of the output takes. */
export async function drain(terminal: { ended: Promise<void>; close(): void }): Promise<void> {
  const timer = setTimeout(terminal.close, 500);
  await terminal.ended;
  clearTimeout(timer);
}
