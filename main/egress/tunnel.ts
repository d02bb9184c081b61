/**
 * CONNECT. Refusals are answered before any tunnel. A host without a secret gets a closed tunnel: bytes pass as they are, but port 443 must
 * begin with a ClientHello for that very host, and so must anything else that begins like TLS. A host with a secret is opened: TLS ends
 * here with this conversation's own certificate, and every request inside is decided anew by the caller. Nothing in between exists.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Reason } from "../../protocol/event.ts";
import type { Decision, SecretBinding } from "../../protocol/rule.ts";
import type { Authority } from "./authority.ts";
import { namesHost, readClientHello, type Hello } from "./clientHello.ts";
import { dial, resolveChecked, type Resolve } from "./dial.ts";
import type { EgressRequest } from "./decide.ts";
import type { Flight, Flights } from "./flights.ts";
import { shown } from "./host.ts";
import { bindingsFor } from "./placeholder.ts";
import type { Recorder, Seen } from "./record.ts";
import { answerRefusedRaw, refuse, upstreamFailed, type Refusal } from "./refusal.ts";
import { readConnect } from "./target.ts";

export interface Opened { host: string; port: number; tls: boolean }

interface TunnelDeps {
  recorder: Recorder;
  flights: Flights;
  secrets: readonly SecretBinding[];
  resolve: Resolve;
  authority: Authority | undefined;
  decide(request: EgressRequest): Decision;
  /** Serves HTTP on the opened end; resolves with the number of requests when it is closed. */
  serve(socket: Socket, tunnel: Opened): Promise<number>;
}

interface Tunnel {
  client: Socket;
  seen: Seen;
  /** Records once; later calls do nothing. */
  finish(outcome: "allowed" | "refused" | "failed", reason?: Reason): void;
  /** Ends it without an event of its own. */
  forget(): void;
  onCut(cut: () => void): void;
}
/** What the client began with. */
interface First { bytes: Buffer; hello: Hello }

const firstBytesMs = 10_000;
const established = "HTTP/1.1 200 Connection established\r\n\r\n";

export async function openTunnel(deps: TunnelDeps, request: IncomingMessage, ends: { client: Socket; head: Buffer }): Promise<void> {
  const { client, head } = ends;
  const read = readConnect({ method: "CONNECT", url: request.url ?? "", rawHeaders: request.rawHeaders, httpVersion: request.httpVersion });
  const seen: Seen = { host: read.ok ? read.target.host : (read.host ?? "unreadable"), port: read.ok ? read.target.port : (read.port ?? 0), method: "CONNECT", bytesOut: 0, bytesIn: 0 };
  const tunnel = openRecord(deps, client, seen);
  const fail = (refusal: Refusal): void => {
    tunnel.finish(refusal.outcome, refusal.reason);
    answerRefusedRaw(client, refusal);
  };
  if (!read.ok) return fail(refuse("bad-request", read.why));
  const decision = deps.decide(read.target);
  if (decision.outcome === "refused") return fail(refuse(decision.reason, decision.message));
  seen.rule = decision.rule.source;
  const resolved = await resolveChecked(seen.host, deps.resolve);
  if (!resolved.ok) return fail(resolved.refusal);
  if (bindingsFor(deps.secrets, seen.host, seen.port).length > 0) return await openedTunnel(deps, tunnel, head);
  let upstream: Socket;
  try {
    upstream = await dial(resolved.addresses, seen.port, true);
  } catch {
    return fail(upstreamFailed(`${shown(seen.host)}:${seen.port} did not answer`));
  }
  return await closedTunnel(tunnel, upstream, head);
}

function openRecord(deps: TunnelDeps, client: Socket, seen: Seen): Tunnel {
  let over = false;
  const cuts: (() => void)[] = [() => void client.destroy()];
  const flight: Flight = {
    host: seen.host, port: seen.port,
    cut(reason) {
      tunnel.finish(seen.bytesOut > 0 ? "allowed" : "failed", reason);
      for (const cut of cuts) cut();
    },
  };
  const tunnel: Tunnel = {
    client, seen,
    onCut: (cut) => void cuts.push(cut),
    finish(outcome, reason) {
      if (over) return;
      over = true;
      deps.flights.delete(flight);
      deps.recorder.network(outcome, seen, reason);
    },
    forget() {
      over = true;
      deps.flights.delete(flight);
    },
  };
  client.on("error", () => client.destroy());
  client.setTimeout(0);
  if (seen.host !== "unreadable") deps.flights.add(flight);
  return tunnel;
}

/** Reads until it is clear what the client speaks. The socket is left paused, nothing of it lost: `bytes` is all that came. */
function readFirst(client: Socket, head: Buffer): Promise<First> {
  return new Promise((resolve) => {
    let bytes = head;
    const settle = (hello: Hello): void => {
      client.off("data", onData).off("end", onEnd).off("close", onEnd).pause();
      resolve({ bytes, hello });
    };
    const onEnd = (): void => settle({ state: "not-tls" });
    const look = (): boolean => {
      const hello = readClientHello(bytes);
      if (hello.state === "more") return false;
      settle(hello);
      return true;
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      look();
    };
    if (bytes.length > 0 && look()) return;
    client.on("data", onData).on("end", onEnd).on("close", onEnd);
    client.resume();
  });
}

/** Silence is no reason to keep a connection open that may carry TLS only. */
async function inTime(tunnel: Tunnel, head: Buffer): Promise<First> {
  const timer = setTimeout(() => closeAsRefused(tunnel), firstBytesMs);
  try {
    return await readFirst(tunnel.client, head);
  } finally {
    clearTimeout(timer);
  }
}

function closeAsRefused(tunnel: Tunnel): void {
  tunnel.finish("refused", "bad-request");
  tunnel.client.destroy();
}

async function closedTunnel(tunnel: Tunnel, upstream: Socket, head: Buffer): Promise<void> {
  const { client, seen } = tunnel;
  tunnel.onCut(() => void upstream.destroy());
  const strict = seen.port === 443;
  // Before the hello was seen nothing passed, whoever hangs up.
  let passed = !strict;
  const end = (reason?: Reason): void => {
    if (passed) tunnel.finish("allowed", reason);
    else tunnel.finish("failed", reason ?? "cancelled");
    client.destroy();
    upstream.destroy();
  };
  upstream.on("error", () => end("upstream-failed"));
  client.on("error", () => end("cancelled"));
  client.on("close", () => end());
  upstream.on("close", () => {
    if (!passed || client.destroyed || client.writableFinished) return end(passed ? undefined : "upstream-failed");
    // What was received reaches the client first.
    tunnel.finish("allowed");
    return void client.once("finish", () => client.destroy()).end();
  });
  if (client.destroyed) return end("cancelled");
  client.write(established);
  upstream.on("data", (chunk: Buffer) => {
    seen.bytesIn += chunk.length;
  });
  upstream.pause();
  if (!strict) upstream.pipe(client);
  const first = strict ? await inTime(tunnel, head) : await readFirst(tunnel.client, head);
  const looksLikeTls = first.bytes[0] === 22;
  if ((strict || looksLikeTls) && !namesHost(first.hello, seen.host)) {
    if (!strict && first.bytes.length === 0) return undefined; // Closed without a word: `close` records it.
    closeAsRefused(tunnel);
    return void upstream.destroy();
  }
  passed = true;
  if (strict) upstream.pipe(client);
  client.on("data", (chunk: Buffer) => {
    seen.bytesOut += chunk.length;
  });
  seen.bytesOut += first.bytes.length;
  if (first.bytes.length > 0) upstream.write(first.bytes);
  if (client.readableEnded) upstream.end();
  else client.pipe(upstream);
  return undefined;
}

async function openedTunnel(deps: TunnelDeps, tunnel: Tunnel, head: Buffer): Promise<void> {
  const { client, seen } = tunnel;
  const { authority } = deps;
  if (!authority) return closeAsRefused(tunnel);
  const context = await authority.contextFor(seen.host);
  if (client.destroyed) return tunnel.finish("failed", "cancelled");
  client.write(established);
  const first = await inTime(tunnel, head);
  // Not TLS: plain HTTP in a tunnel, as some clients send it; never on the port where TLS is expected.
  const tls = first.bytes[0] === 22;
  if (tls ? !namesHost(first.hello, seen.host) : seen.port === 443 || first.bytes.length === 0) return closeAsRefused(tunnel);
  client.unshift(first.bytes);
  let requests = 0;
  if (tls) {
    const secured = new TLSSocket(client, { isServer: true, secureContext: context, ALPNProtocols: ["http/1.1"] });
    tunnel.onCut(() => void secured.destroy());
    if (await handshaken(secured)) requests = await deps.serve(secured, { host: seen.host, port: seen.port, tls });
    secured.destroy();
  } else {
    requests = await deps.serve(client, { host: seen.host, port: seen.port, tls });
  }
  client.destroy();
  // Each request inside has its own event; the tunnel itself is one only where none came.
  return requests === 0 ? tunnel.finish("failed", "cancelled") : tunnel.forget();
}

function handshaken(secured: TLSSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => secured.destroy(), firstBytesMs);
    const settle = (well: boolean) => (): void => {
      clearTimeout(timer);
      resolve(well);
    };
    secured.once("secure", settle(true));
    secured.on("error", settle(false));
    secured.once("close", settle(false));
  });
}
