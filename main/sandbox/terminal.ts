/** A pseudo-terminal of our own: the sandbox gets its slave side, never the caller's terminal. */
import { closeSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { ReadStream } from "node:tty";

/** node-pty's typings leave its native calls out; `open` gives both descriptors, which is what an inherited stdio needs. */
interface NativePty { open(cols: number, rows: number): { master: number; slave: number; pty: string }; resize(fd: number, cols: number, rows: number): void }

export interface Terminal {
  slave: number;
  /** The slave's name. */
  path: string;
  /** After the child has it: the last holder of the slave is then the sandbox, and its end is seen. */
  releaseSlave(): void;
  write(bytes: Buffer): void;
  resize(cols: number, rows: number): void;
  /** Resolves when all output has been read. */
  ended: Promise<void>;
  close(): void;
}

function nativePty(): NativePty {
  // Loaded when the first terminal opens: a command whose streams are no terminal does without its 15 ms.
  const { native } = createRequire(import.meta.url)("node-pty") as { native?: NativePty };
  if (!native) throw new Error("node-pty has no native part here");
  return native;
}

export function openTerminal(cols: number, rows: number, onOutput: (bytes: Buffer) => void): Terminal {
  const native = nativePty();
  const pair = native.open(cols, rows);
  const master = new ReadStream(pair.master);
  let open = true;
  let queue = Promise.resolve();
  master.on("data", onOutput);
  const ended = new Promise<void>((resolve) => {
    // EIO is how a PTY says that its last user is gone.
    master.on("error", () => master.destroy());
    master.on("close", () => {
      open = false;
      resolve();
    });
  });
  return {
    slave: pair.slave,
    path: pair.pty,
    releaseSlave: () => closeSync(pair.slave),
    write: (bytes) => void (queue = queue.then(() => writeAll(() => (open ? pair.master : undefined), bytes))),
    resize: (c, r) => {
      if (open && c > 0 && r > 0) native.resize(pair.master, c, r);
    },
    ended,
    close: () => void master.destroy(),
  };
}

/** The master does not block: a full buffer means «later», not «failed». */
async function writeAll(target: () => number | undefined, bytes: Buffer): Promise<void> {
  let left = bytes;
  for (let fd = target(); left.length > 0 && fd !== undefined; fd = target()) {
    try {
      left = left.subarray(writeSync(fd, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
