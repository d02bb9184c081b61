/** One connected page: frames in, parsed before anything is done; outputs, problems and pushes out. */
import type { WebSocket } from "ws";
import { requestSchema, type Core, type Push } from "../../protocol/api.ts";

/** A page that does not read is cut off before its unread pushes fill the memory. */
const mostUnread = 64 * 1024 * 1024;
const mostInFlight = 256;

export function serveWire(socket: WebSocket, core: Core): void {
  let inFlight = 0;
  const send = (frame: unknown): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > mostUnread) return socket.terminate();
    socket.send(JSON.stringify(frame));
  };
  const unsubscribe = core.subscribe((push: Push) => send(push));
  socket.on("close", unsubscribe);
  socket.on("error", () => socket.terminate());
  socket.on("message", (data: Buffer, binary: boolean) => {
    const frame = binary ? undefined : parseFrame(data.toString("utf8"));
    if (!frame || inFlight >= mostInFlight) return socket.close(1008, "That frame is not understood here.");
    inFlight++;
    void core.call(frame.call, frame.input).then((answer) => {
      inFlight--;
      send({ id: frame.id, ...answer });
    });
  });
}

function parseFrame(text: string): ReturnType<typeof requestSchema.parse> | undefined {
  try {
    const parsed = requestSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Not JSON: answered by closing the socket.
    return undefined;
  }
}
