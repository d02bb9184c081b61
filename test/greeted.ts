/** Connections that begin with the token, as the relay in process 1 makes them. */
import { connect, createServer, type Server, type Socket } from "node:net";

export const token = "0123456789abcdef".repeat(4);

export function greeted(path: string, allowHalfOpen = false): Socket {
  const socket = connect({ path, allowHalfOpen });
  socket.write(token);
  return socket;
}

/** A socket at `path` that carries everything to `target` and says the token first. */
export async function relayed(path: string, target: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = greeted(target, true).on("error", () => near.destroy()).on("close", () => near.destroy());
    near.on("error", () => far.destroy()).on("close", () => far.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  return server;
}
