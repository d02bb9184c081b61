/** Listeners of the host: each counts what reached it and keeps the bytes. */
import { createSocket } from "node:dgram";
import { createServer, type ListenOptions } from "node:net";

export interface Sink { port: number; hits(): number; close(): Promise<void> }

/** A stream listener on a port, a path, or (with a leading NUL) an abstract name. */
export async function openSink(at: ListenOptions): Promise<Sink> {
  let hits = 0;
  const server = createServer((socket) => {
    hits += 1;
    socket.on("error", () => undefined).resume().end("PWNED\n");
  });
  await new Promise<void>((done, fail) => server.on("error", fail).listen(at, done));
  const address = server.address();
  return { port: address && typeof address === "object" ? address.port : 0, hits: () => hits, close: () => new Promise((done) => server.close(() => done())) };
}

export async function openUdpSink(): Promise<Sink> {
  let hits = 0;
  const socket = createSocket("udp4").on("message", () => (hits += 1));
  await new Promise<void>((done) => socket.bind(0, "0.0.0.0", done));
  return { port: socket.address().port, hits: () => hits, close: () => new Promise((done) => socket.close(() => done())) };
}
