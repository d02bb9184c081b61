/**
 * Listens for a conversation's first request and builds the broker only then: a command that never uses the network does not
 * pay for TLS, HTTP and their pools. A broker that cannot be built answers nothing: its connections are closed.
 */
import { chmodSync } from "node:fs";
import { createServer, type Socket } from "node:net";

interface Broker {
  accept(socket: Socket): void;
  close(): Promise<void>;
}

const mostConnections = 512;

export async function listenLazily(socketPath: string, open: () => Promise<Broker>): Promise<{ close(): Promise<void> }> {
  let broker: Promise<Broker> | undefined;
  const sockets = new Set<Socket>();
  // As node:http listens: a client may end its side and still wait for the answer. Nothing is read before the broker has it.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    broker ??= open();
    broker.then((made) => {
      made.accept(socket);
      socket.resume();
    }).catch(() => socket.destroy());
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await (await broker?.catch(() => undefined))?.close();
      await closed;
    },
  };
}
