/**
 * The only way out of a sandbox: an HTTP proxy on one unix socket of one conversation.
 * Accepts: `METHOD http://HOST/…` and CONNECT HOST:PORT, each decided anew against the rules of this moment; an empty list allows nothing.
 * Never: resolves a name that no rule allows; dials an address that was not checked; sends a secret to a host that it is not bound to;
 * guesses what an ambiguous request means; serves what it cannot record. Every error path ends in a refusal or a closed connection.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createListener, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Record as RecordEvent } from "../../protocol/event.ts";
import type { Decision, Rule, SecretBinding } from "../../protocol/rule.ts";
import { createClosers } from "../base/closer.ts";
import { createGuardedSocket, type GuardedSocket, type SocketPlace } from "../base/guardedSocket.ts";
import { createAuthority } from "./authority.ts";
import { decide, type EgressRequest } from "./decide.ts";
import { createPool, createTrust, resolveBySystem, trustedRoots, type Resolve } from "./dial.ts";
import { watchFlights, type Flight } from "./flights.ts";
import { forward, type ForwardDeps } from "./forward.ts";
import type { Lend } from "./placeholder.ts";
import { createRecorder } from "./record.ts";
import { answerRefused, answerRefusedRaw, refuse } from "./refusal.ts";
import { readAbsolute, readInner, type Heads } from "./target.ts";
import { openTunnel, type Opened } from "./tunnel.ts";

export interface EgressOptions {
  /** Without it nothing is listened on: connections come by `accept`. */
  at?: SocketPlace;
  conversation: string;
  turn(): string | undefined;
  /** Asked for each request and, while something is open, twice a second. */
  rules(): readonly Rule[];
  secrets: readonly SecretBinding[];
  lend: Lend;
  record: RecordEvent;
  /** Further roots (PEM) that upstreams of opened tunnels may have: an organisation's own. */
  roots?: readonly string[];
  /** In place of the system's resolver. What it answers is checked like any other answer. */
  resolve?: Resolve;
}

interface Egress {
  /** PEM: the system's roots and this conversation's own; only where there are secrets. */
  trustBundle?: string;
  /** Takes a connection that another listener of this conversation accepted. */
  accept(socket: Socket): void;
  /** Connections closed because they did not begin with the token. */
  refused(): number;
  close(): Promise<void>;
}

const mostConnections = 512;

export async function startEgress(options: EgressOptions): Promise<Egress> {
  const closers = createClosers();
  const flights = new Set<Flight>();
  const recorder = createRecorder({
    conversation: options.conversation, turn: () => options.turn(), record: options.record,
    onBroken: () => setImmediate(() => [...flights].forEach((flight) => flight.cut("disk-full"))),
  });
  const allows = (request: EgressRequest): Decision => {
    if (recorder.broken()) return { outcome: "refused", reason: "disk-full", message: "what happens cannot be recorded, so nothing is let out" };
    try {
      return decide(request, options.rules());
    } catch {
      return { outcome: "refused", reason: "no-rule", message: "the rules could not be read" };
    }
  };
  const authority = options.secrets.length > 0 ? await createAuthority(new Date()) : undefined;
  const trust = createTrust(options.roots ?? []);
  const pool = (keepAlive: boolean, tls: boolean): ReturnType<typeof createPool> => {
    const made = createPool(tls ? { keepAlive, trust } : { keepAlive });
    closers.add(() => made.destroy());
    return made;
  };
  const resolve = options.resolve ?? resolveBySystem;
  const forwarding: ForwardDeps = {
    recorder, flights, secrets: options.secrets, lend: options.lend, resolve,
    pools: { plain: { kept: pool(true, false), once: pool(false, false) }, tls: { kept: pool(true, true), once: pool(false, true) } },
  };
  const inner = new WeakMap<Duplex, { tunnel: Opened; requests: number }>();
  const server = createServer({ insecureHTTPParser: false, requireHostHeader: false, maxHeaderSize: 32_768, keepAliveTimeout: 60_000, headersTimeout: 60_000, requestTimeout: 0 });
  server.maxHeadersCount = 0;
  server.on("request", (request, response) => onRequest({ forwarding, allows, opened: (socket) => inner.get(socket) }, request, response));
  server.on("connect", (request: IncomingMessage, client: Socket, head: Buffer) => {
    const within = inner.get(client)?.tunnel;
    if (within) {
      recorder.network("refused", { host: within.host, port: within.port, method: "CONNECT", bytesOut: 0, bytesIn: 0 }, "bad-request");
      return answerRefusedRaw(client, refuse("bad-request", "a tunnel inside a tunnel"));
    }
    const serve = (socket: Socket, tunnel: Opened): Promise<number> => serveInner({ server, inner }, socket, tunnel);
    openTunnel({ recorder, flights, secrets: options.secrets, resolve, authority, decide: allows, serve }, request, { client, head }).catch(() => client.destroy());
    return undefined;
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable || !error.code?.startsWith("HPE_")) return void socket.destroy();
    recorder.network("refused", { host: inner.get(socket)?.tunnel.host ?? "unreadable", port: inner.get(socket)?.tunnel.port ?? 0, bytesOut: 0, bytesIn: 0 }, "bad-request");
    return answerRefusedRaw(socket, refuse("bad-request", "this is not a well-formed request"));
  });
  closers.add(() => server.closeAllConnections());
  const guard = options.at && await listen(server, options.at);
  if (guard) closers.add(guard.close);
  closers.add(watchFlights(flights, (flight) => allows(flight).outcome === "allowed"));
  const bundle = authority ? { trustBundle: [...trustedRoots(), ...(options.roots ?? []), authority.certificate].map((pem) => pem.trim()).join("\n") + "\n" } : {};
  return { ...bundle, accept: (socket) => void server.emit("connection", socket), refused: () => guard?.refused() ?? 0, close: () => closers.close() };
}

interface Serving {
  forwarding: ForwardDeps;
  allows(request: EgressRequest): Decision;
  opened(socket: Duplex): { tunnel: Opened; requests: number } | undefined;
}

function onRequest(serving: Serving, request: IncomingMessage, response: ServerResponse): void {
  const opened = serving.opened(request.socket);
  if (opened) opened.requests += 1;
  const heads: Heads = { method: request.method ?? "", url: request.url ?? "", rawHeaders: request.rawHeaders, httpVersion: request.httpVersion };
  const read = opened ? readInner(heads, opened.tunnel) : readAbsolute(heads);
  const host = read.ok ? read.target.host : (read.host ?? "unreadable");
  const port = read.ok ? read.target.port : (read.port ?? 0);
  const asked = read.ok ? read.target.path : read.path;
  const path = asked === undefined ? {} : { path: asked };
  const say = (refusal: ReturnType<typeof refuse>): void => {
    serving.forwarding.recorder.network("refused", { host, port, method: heads.method, ...path, bytesOut: 0, bytesIn: 0 }, refusal.reason);
    // A refused body is not read: the connection ends instead.
    answerRefused(response, refusal, refusal.reason === "bad-request" || request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined);
  };
  if (!read.ok) return say(refuse("bad-request", read.why));
  const decision = serving.allows(read.target);
  if (decision.outcome === "refused") return say(refuse(decision.reason, decision.message));
  const route = { ...read.target, tls: opened?.tunnel.tls ?? false, rule: decision.rule.source };
  forward(serving.forwarding, { request, response }, route).catch(() => response.destroy());
  return undefined;
}

/** The opened end of a tunnel, served by the same server: one place where requests are read and decided. */
function serveInner(to: { server: Server; inner: WeakMap<Duplex, { tunnel: Opened; requests: number }> }, socket: Socket, tunnel: Opened): Promise<number> {
  const entry = { tunnel, requests: 0 };
  to.inner.set(socket, entry);
  return new Promise((resolve) => {
    socket.once("close", () => resolve(entry.requests));
    to.server.emit("connection", socket);
    socket.resume();
  });
}

/** The HTTP server never listens itself: it is given what began with the token. */
async function listen(server: Server, at: SocketPlace): Promise<GuardedSocket> {
  const guard = createGuardedSocket(at);
  const listener = createListener({ allowHalfOpen: true }, (socket) => guard.take(socket, () => {
    server.emit("connection", socket);
    socket.resume();
  }));
  listener.maxConnections = mostConnections;
  await guard.listen(listener);
  return guard;
}
