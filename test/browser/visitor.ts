/** A visitor at the browser door that sends exactly the headers it is told to. */
import { request } from "node:http";
import { WebSocket } from "ws";

export interface Reply {
  status: number;
  headers: { [name: string]: string | string[] | undefined };
  body: string;
}

export function visit(o: { port: number; path?: string; method?: string; host?: string; headers?: { [name: string]: string } }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: o.port, path: o.path ?? "/", method: o.method ?? "GET", setHost: false, headers: { host: o.host ?? `127.0.0.1:${o.port}`, ...o.headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

export interface Socket {
  status: number;
  cookie: string | undefined;
  socket: WebSocket;
}

/** Opens the wire; status 101 where it was admitted. */
export function openWire(o: { port: number; token?: string; cookie?: string; origin?: string; host?: string; path?: string }): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${o.port}${o.path ?? "/wire"}`, ["bulkhead", ...(o.token === undefined ? [] : [`token.${o.token}`])], {
      headers: { host: o.host ?? `127.0.0.1:${o.port}`, ...(o.origin === "" ? {} : { origin: o.origin ?? `http://127.0.0.1:${o.port}` }), ...(o.cookie === undefined ? {} : { cookie: o.cookie }) },
    });
    let cookie: string | undefined;
    socket.on("upgrade", (response) => (cookie = response.headers["set-cookie"]?.[0]));
    socket.on("open", () => resolve({ status: 101, cookie, socket }));
    socket.on("unexpected-response", (_request, response) => { resolve({ status: response.statusCode ?? 0, cookie: undefined, socket }); });
    socket.on("error", () => undefined);
  });
}
