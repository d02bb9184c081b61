/**
 * A unix socket of one conversation: mode 0600 in a 0700 directory, and each connection must begin with that conversation's token, which
 * outside only this process knows and inside only process 1, whose relay sends it. Node cannot ask the kernel who connects; the token says it.
 * A connection without it is closed and counted; it is never answered, and no byte of it reaches whoever serves the socket.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, closeSync, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Duplex } from "node:stream";

export interface SocketPlace { socketPath: string; token: string }

/** What is needed of a server of node:net; its connections are handed to `take`. */
interface Listener {
  listen(path: string, then: () => void): unknown;
  once(event: "error", then: (error: Error) => void): unknown;
  close(then: () => void): unknown;
}

export interface GuardedSocket {
  /** Calls `accept` once the token was read, with nothing else read; `accept` must attach its readers at once. */
  take(socket: Duplex, accept: () => void): void;
  listen(server: Listener): Promise<void>;
  /** How many connections came without the token. */
  refused(): number;
  /** Ends every connection and removes the socket. */
  close(): Promise<void>;
}

const tokenBytes = 64;
const greetingMs = 2000;

export const newToken = (): string => randomBytes(tokenBytes / 2).toString("hex");

export function createGuardedSocket({ socketPath, token }: SocketPlace): GuardedSocket {
  const wanted = Buffer.from(token);
  // An empty token would let everybody in.
  if (wanted.length !== tokenBytes) throw new Error("a socket's token has another length");
  const sockets = new Set<Duplex>();
  let refused = 0;
  let listening: { server: Listener; release(): void } | undefined;
  return {
    take(socket, accept) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      readGreeting(socket, wanted, (well) => {
        if (well) return accept();
        refused += 1;
        return void socket.destroy();
      });
    },
    async listen(server) {
      listening = { server, release: await listenAt(server, socketPath) };
    },
    refused: () => refused,
    async close() {
      const closed = new Promise<void>((resolve) => (listening ? listening.server.close(() => resolve()) : resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      listening?.release();
    },
  };
}

/** At most the token's length is taken out of the stream: what follows stays in it for the next reader. */
function readGreeting(socket: Duplex, wanted: Buffer, settle: (well: boolean) => void): void {
  const end = (well: boolean): void => {
    clearTimeout(timer);
    socket.off("readable", look).off("end", leave).off("close", leave);
    settle(well);
  };
  const leave = (): void => end(false);
  const look = (): void => {
    const said = socket.read(wanted.length) as Buffer | null;
    if (said !== null) end(said.length === wanted.length && timingSafeEqual(said, wanted));
  };
  const timer = setTimeout(leave, greetingMs);
  socket.on("readable", look).on("end", leave).on("close", leave);
}

/** A socket's path has room for about 100 bytes: a longer one is bound through its directory's descriptor, open until it is closed. */
async function listenAt(server: Listener, path: string): Promise<() => void> {
  const directory = Buffer.byteLength(path) > 100 && process.platform === "linux" ? openSync(dirname(path), "r") : undefined;
  const release = (): void => {
    if (directory !== undefined) closeSync(directory);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(directory === undefined ? path : `/proc/self/fd/${directory}/${basename(path)}`, resolve);
    });
    chmodSync(path, 0o600);
    return release;
  } catch (error) {
    release();
    throw error;
  }
}
