/**
 * The browser door: the page and its WebSocket on loopback.
 * It accepts: GET of the page's own files, and one kind of WebSocket, opened with the one-time token or with the session cookie that the token bought.
 * It never: listens elsewhere than 127.0.0.1, answers a foreign Host or Origin, takes a path to the file system, accepts a token twice, or keeps one in clear.
 * The token travels in the address's fragment, so it is in no request line, no log and no referrer; the page spends it as a subprotocol of its first WebSocket.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Core } from "../../protocol/api.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { admit, admitSocket, type Admission, type Asked } from "./admission.ts";
import { pageHeaders, readPage, type PageFile } from "./pageFiles.ts";
import { createTickets, type Tickets } from "./ticket.ts";
import { serveWire } from "./wire.ts";

const protocolName = "bulkhead";
const tokenPrefix = "token.";
const maxPayload = 1024 * 1024;

export interface BrowserDoor {
  /** Opens the app once. */
  address: string;
  close(): Promise<void>;
}

export async function openBrowserDoor(o: { core: Core; pageDirectory: string; port?: number }): Promise<Outcome<BrowserDoor>> {
  const page = tryReadPage(o.pageDirectory);
  if (!page) return failed("damaged", "The page of Bulkhead is missing from this installation.", "Install it again, or run `npm run set-up` in a checkout.");
  const tickets = createTickets();
  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 5_000 });
  const port = await listen(server, o.port ?? 0);
  if (port === undefined) return failed("busy", `Nothing can listen on port ${o.port} of this machine.`, "Name another port.");
  const sockets = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false, handleProtocols: () => protocolName });
  server.on("request", (request, response) => answer({ page, port }, request, response));
  sockets.on("headers", (headers, request) => {
    const session = bought.get(request);
    if (session) headers.push(`Set-Cookie: ${cookieName(port)}=${session}; HttpOnly; SameSite=Strict; Path=/`);
  });
  server.on("upgrade", (request, socket, head) => {
    const admission = judgeUpgrade(request, { port, tickets });
    if (!admission.ok) return refuseUpgrade(socket, admission);
    sockets.handleUpgrade(request, socket, head, (opened) => serveWire(opened, o.core));
  });
  return done({ address: `http://127.0.0.1:${port}/#${tickets.token}`, close: () => close(server, sockets) });
}

function tryReadPage(directory: string): ReadonlyMap<string, PageFile> | undefined {
  try {
    const page = readPage(directory);
    return page.has("/") ? page : undefined;
  } catch {
    // No such directory: said to the person as a damaged installation.
    return undefined;
  }
}

function listen(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => resolve((server.address() as AddressInfo).port));
  });
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join(",") : value);

function askedOf(request: IncomingMessage): Asked {
  return { host: request.headers.host, origin: one(request.headers.origin), fetchSite: one(request.headers["sec-fetch-site"]), method: request.method };
}

function answer(door: { page: ReadonlyMap<string, PageFile>; port: number }, request: IncomingMessage, response: ServerResponse): void {
  const admission = admit(askedOf(request), door);
  const file = door.page.get((request.url ?? "").split("?")[0] ?? "");
  const [status, type, body] = !admission.ok ? [admission.status, "text/plain; charset=utf-8", admission.why]
    : file ? [200, file.type, file.body] as const
      : [404, "text/plain; charset=utf-8", "There is nothing here."];
  response.writeHead(status, { ...pageHeaders, "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Sessions bought by the token in this very upgrade, set as a cookie in its answer. */
const bought = new WeakMap<IncomingMessage, string>();
/** Cookies do not know ports: two doors on one machine must not overwrite each other's. */
const cookieName = (port: number): string => `bulkhead-${port}`;

function judgeUpgrade(request: IncomingMessage, door: { port: number; tickets: Tickets }): Admission {
  const admission = admitSocket(askedOf(request), door);
  if (!admission.ok) return admission;
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (request.url !== "/wire" || !offered.includes(protocolName)) return { ok: false, status: 404, why: "There is nothing here." };
  const token = offered.find((name) => name.startsWith(tokenPrefix))?.slice(tokenPrefix.length);
  if (token !== undefined && door.tickets.spend(token)) {
    bought.set(request, door.tickets.openSession());
    return { ok: true };
  }
  const session = cookie(request, cookieName(door.port));
  if (session !== undefined && door.tickets.knows(session)) return { ok: true };
  return { ok: false, status: 401, why: "This address was used already." };
}

function cookie(request: IncomingMessage, name: string): string | undefined {
  const pair = (request.headers.cookie ?? "").split(";").map((part) => part.trim()).find((part) => part.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}

function refuseUpgrade(socket: Duplex, refusal: { status: number; why: string }): void {
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(refusal.why)}\r\nConnection: close\r\n\r\n${refusal.why}`);
}

async function close(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
