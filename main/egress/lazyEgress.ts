/**
 * Listens for a conversation's first greeted connection and builds the broker only then: a command that never uses the network does not
 * pay for TLS, HTTP and their pools. A broker that cannot be built answers nothing: its connections are closed.
 */
import { createServer, type Socket } from "node:net";
import { createGuardedSocket, type SocketPlace } from "../base/guardedSocket.ts";

interface Broker {
  accept(socket: Socket): void;
  close(): Promise<void>;
}

const mostConnections = 512;

export async function listenLazily(at: SocketPlace, open: () => Promise<Broker>): Promise<{ refused(): number; close(): Promise<void> }> {
  let broker: Promise<Broker> | undefined;
  const guard = createGuardedSocket(at);
  // As node:http listens: a client may end its side and still wait for the answer. Nothing more is read before the broker has it.
  const server = createServer({ allowHalfOpen: true }, (socket) => guard.take(socket, () => {
    socket.pause();
    broker ??= open();
    broker.then((made) => {
      // Left already: there is nothing to answer.
      if (socket.readableEnded) return void socket.destroy();
      made.accept(socket);
      return void socket.resume();
    }).catch(() => socket.destroy());
  }));
  server.maxConnections = mostConnections;
  await guard.listen(server);
  return {
    refused: guard.refused,
    async close() {
      const closed = guard.close();
      await (await broker?.catch(() => undefined))?.close();
      await closed;
    },
  };
}
