/**
 * Standard input, output and error as the command line got them: what is no terminal is handed on as it is; where it is one, the command
 * gets a PTY of ours and the bytes are relayed, with size, raw mode and signals. The caller's terminal itself never goes inside, and only
 * hears what concerns its screen.
 */
import { spawnSync } from "node:child_process";
import { isatty } from "node:tty";
import { createScreenFilter } from "./screenFilter.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { drain, type Wiring } from "./wiring.ts";

const passed: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

export function openHanded(): Wiring {
  const tty = [0, 1, 2].map((fd) => isatty(fd));
  const removers: (() => void)[] = [];
  const screen = tty[1] ? process.stdout : tty[2] ? process.stderr : undefined;
  const filter = createScreenFilter();
  const terminal = tty.some(Boolean) ? openTerminal(screen?.columns ?? 80, screen?.rows ?? 24, (bytes) => screen?.write(filter(bytes))) : undefined;
  const pick = (fd: 0 | 1 | 2): number => (tty[fd] && terminal ? terminal.slave : fd);
  return {
    stdio: [pick(0), pick(1), pick(2)],
    ...(terminal ? { onSpawned: terminal.releaseSlave, terminal: terminal.path } : {}),
    onStarted(launched) {
      listenToSignals(launched, removers);
      if (terminal) relay(terminal, { input: tty[0] === true, screen, removers });
    },
    // The command stopped itself or was stopped with Ctrl-Z: so do we, and go on together.
    onStopped(launched) {
      const raw = process.stdin.isTTY && process.stdin.isRaw;
      if (raw) process.stdin.setRawMode(false);
      process.once("SIGCONT", () => {
        if (raw) passThrough();
        launched.signal("SIGCONT");
      });
      process.kill(process.pid, "SIGSTOP");
    },
    resize: (cols, rows) => terminal?.resize(cols, rows),
    async finish() {
      for (const remove of removers.splice(0)) remove();
      if (terminal) await drain(terminal);
    },
  };
}

function listenToSignals(launched: { signal(name: NodeJS.Signals): void }, removers: (() => void)[]): void {
  const stop = (): void => launched.signal("SIGTSTP");
  process.on("SIGTSTP", stop);
  removers.push(() => process.off("SIGTSTP", stop));
  for (const name of passed) {
    const pass = (): void => launched.signal(name);
    process.on(name, pass);
    removers.push(() => process.off(name, pass));
  }
}

function relay(terminal: Terminal, own: { input: boolean; screen: NodeJS.WriteStream | undefined; removers: (() => void)[] }): void {
  const { screen } = own;
  if (screen) {
    const resized = (): void => terminal.resize(screen.columns, screen.rows);
    screen.on("resize", resized);
    own.removers.push(() => screen.off("resize", resized));
  }
  if (!own.input) return;
  const typed = (bytes: Buffer): void => terminal.write(bytes);
  passThrough();
  process.stdin.on("data", typed);
  process.stdin.resume();
  own.removers.push(() => {
    process.stdin.off("data", typed);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  });
}

/** Raw in both directions: Node leaves output processing on, and a full-screen program's own line feeds would be changed. */
function passThrough(): void {
  process.stdin.setRawMode(true);
  spawnSync("/usr/bin/stty", ["-opost"], { stdio: [0, "ignore", "ignore"], env: {}, cwd: "/" });
}
