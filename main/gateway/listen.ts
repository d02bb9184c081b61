/** A server on one unix socket that only its owner may open. */
import { chmodSync, closeSync, openSync } from "node:fs";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { basename, dirname } from "node:path";

/** Returns the closer: it ends every open connection and removes the socket. */
export async function listen(server: Server, path: string): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // A socket's path has room for about 100 bytes: a longer one is bound through its directory's descriptor.
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
  } catch (error) {
    release();
    throw error;
  }
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    release();
  };
}
