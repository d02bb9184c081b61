/** An HTTP server behind one guarded socket: it never listens itself, it is given what began with the token. */
import type { Server } from "node:http";
import { createServer } from "node:net";
import { createGuardedSocket, type GuardedSocket, type SocketPlace } from "../base/guardedSocket.ts";

const mostConnections = 64;

export async function listen(server: Server, at: SocketPlace): Promise<GuardedSocket> {
  const guard = createGuardedSocket(at);
  const listener = createServer({ allowHalfOpen: true }, (socket) => guard.take(socket, () => {
    server.emit("connection", socket);
    socket.resume();
  }));
  listener.maxConnections = mostConnections;
  await guard.listen(listener);
  return guard;
}
