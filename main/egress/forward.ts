/**
 * One allowed HTTP request to its upstream and the answer back, both streamed. Contract: the decision was made by the caller for this very
 * request; here its host is resolved and checked, placeholders are swapped for the bound host only, real values are taken out of the
 * answer, and exactly one event is recorded. Redirects go back to the asker: the next hop is a new request with a new decision.
 */
import { request as send, type Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline, type Duplex } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Reason } from "../../protocol/event.ts";
import type { SecretBinding } from "../../protocol/rule.ts";
import { resolveChecked, type CheckedRequest, type Resolve } from "./dial.ts";
import type { Flight, Flights } from "./flights.ts";
import { endToEnd, headBytes } from "./headers.ts";
import { shown } from "./host.ts";
import { bindingsFor, swapPlaceholders, type Lend, type Needle } from "./placeholder.ts";
import type { Recorder, Seen } from "./record.ts";
import { answerRefused, refuse, upstreamFailed, type Refusal } from "./refusal.ts";
import { createScrubber, scrubText } from "./scrub.ts";

interface Route { host: string; port: number; path: string; tls: boolean; rule: string }

export interface ForwardDeps {
  recorder: Recorder;
  flights: Flights;
  secrets: readonly SecretBinding[];
  lend: Lend;
  resolve: Resolve;
  /** Kept-alive and single-use connections, plain and TLS. */
  pools: { plain: { kept: Agent; once: Agent }; tls: { kept: Agent; once: Agent } };
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  route: Route;
  seen: Seen;
  hasBody: boolean;
  over(): boolean;
  /** Records once; later calls do nothing. */
  finish(outcome: "allowed" | "failed" | "refused", reason?: Reason): void;
  fail(refusal: Refusal): void;
  upstream: ClientRequest | undefined;
}

export async function forward(deps: ForwardDeps, ends: { request: IncomingMessage; response: ServerResponse }, route: Route): Promise<void> {
  const exchange = openExchange(deps, ends, route);
  const resolved = await resolveChecked(route.host, deps.resolve);
  if (!resolved.ok) return exchange.fail(resolved.refusal);
  const bindings = bindingsFor(deps.secrets, route.host, route.port);
  const plain = endToEnd(exchange.request.rawHeaders, bindings.length > 0 ? ["host", "accept-encoding", "range", "if-range"] : ["host"]);
  // Where a value must be found in the answer, the answer must be whole and not compressed.
  if (bindings.length > 0) plain.push("accept-encoding", "identity");
  const swapped = swapPlaceholders(plain, bindings, deps.lend);
  if (!swapped.ok) return exchange.fail(refuse("no-key", swapped.problem.message));
  for (const name of swapped.value.used) if (!deps.recorder.secretUsed(name, route.host)) return exchange.fail(refuse("disk-full", "the use of a secret could not be recorded"));
  if (ends.response.destroyed) return exchange.finish("failed", "cancelled");
  const authority = shown(route.host) + (route.port === (route.tls ? 443 : 80) ? "" : `:${route.port}`);
  transmit(deps, exchange, { headers: ["Host", authority, ...swapped.value.headers, ...framing(exchange)], checked: resolved.addresses, needles: swapped.value.needles, again: !exchange.hasBody });
}

function openExchange(deps: ForwardDeps, { request, response }: { request: IncomingMessage; response: ServerResponse }, route: Route): Exchange {
  const seen: Seen = { host: route.host, port: route.port, method: request.method ?? "", path: route.path, bytesOut: 0, bytesIn: 0, rule: route.rule };
  const hasBody = request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
  let over = false;
  const flight: Flight = { host: route.host, port: route.port, cut: (reason) => stop(reason) };
  const exchange: Exchange = {
    request, response, route, seen, hasBody, upstream: undefined,
    over: () => over,
    finish(outcome, reason) {
      if (over) return;
      over = true;
      deps.flights.delete(flight);
      deps.recorder.network(outcome, seen, reason);
    },
    fail(refusal) {
      exchange.finish(refusal.outcome, refusal.reason);
      exchange.upstream?.destroy();
      answerRefused(response, refusal, hasBody);
    },
  };
  const stop = (reason: Reason): void => {
    exchange.finish(seen.bytesOut > 0 ? "allowed" : "failed", reason);
    exchange.upstream?.destroy();
    response.destroy();
    request.socket.destroy();
  };
  deps.flights.add(flight);
  request.on("error", () => stop("cancelled"));
  response.on("error", () => stop("cancelled"));
  response.on("close", () => {
    if (!response.writableFinished) stop("cancelled");
  });
  return exchange;
}

function framing({ request, hasBody }: Exchange): string[] {
  if (request.headers["transfer-encoding"] !== undefined) return ["Transfer-Encoding", "chunked"];
  return !hasBody && /^(?:POST|PUT|PATCH)$/.test(request.method ?? "") && request.headers["content-length"] === undefined ? ["Content-Length", "0"] : [];
}

interface Shipment { headers: string[]; checked: readonly string[]; needles: readonly Needle[]; again: boolean }

function transmit(deps: ForwardDeps, exchange: Exchange, shipment: Shipment): void {
  const { request, route, seen } = exchange;
  const pool = deps.pools[route.tls ? "tls" : "plain"];
  const method = request.method ?? "";
  const options: CheckedRequest = {
    method, path: route.path, headers: shipment.headers, setHost: false, host: route.host, port: route.port,
    agent: exchange.hasBody ? pool.once : pool.kept, checked: shipment.checked, target: { host: route.host, port: route.port },
  };
  const upstream = send(options);
  exchange.upstream = upstream;
  upstream.once("socket", () => {
    seen.bytesOut += headBytes(`${method} ${route.path} HTTP/1.1`, shipment.headers);
  });
  upstream.on("response", (incoming) => answer(exchange, incoming, shipment.needles));
  upstream.on("upgrade", (_incoming, socket) => {
    socket.destroy();
    exchange.fail(upstreamFailed(`${route.host} changed the protocol unasked`));
  });
  upstream.on("error", () => {
    if (exchange.over()) return undefined;
    // A kept connection that the server had closed meanwhile: once more, on a new one.
    if (shipment.again && upstream.reusedSocket && !exchange.response.headersSent && !exchange.response.destroyed) return transmit(deps, exchange, { ...shipment, again: false });
    return exchange.fail(upstreamFailed(`${shown(route.host)}:${route.port} did not answer`));
  });
  if (!exchange.hasBody) return void upstream.end();
  request.on("data", (chunk: Buffer) => {
    seen.bytesOut += chunk.length;
  });
  request.pipe(upstream);
}

/** undefined: the coding is not known, the body cannot be searched. */
function decoders(coding: string | undefined): Duplex[] | undefined {
  switch (coding?.toLowerCase()) {
    case undefined: case "": case "identity": return [];
    case "gzip": case "x-gzip": return [createGunzip()];
    case "deflate": return [createInflate()];
    case "br": return [createBrotliDecompress()];
    default: return undefined;
  }
}

function answer(exchange: Exchange, incoming: IncomingMessage, needles: readonly Needle[]): void {
  const { response, route, seen, request } = exchange;
  const status = incoming.statusCode ?? 502;
  const bare = request.method === "HEAD" || status === 204 || status === 304;
  const search = needles.length > 0 && !bare;
  const middle = search ? decoders(incoming.headers["content-encoding"]) : [];
  if (!middle || response.destroyed) return exchange.fail(upstreamFailed(`${route.host} answered in a coding that cannot be searched for secrets`));
  seen.bytesIn += headBytes(`HTTP/1.1 ${status} ${incoming.statusMessage ?? ""}`, incoming.rawHeaders);
  incoming.on("data", (chunk: Buffer) => {
    seen.bytesIn += chunk.length;
  });
  incoming.once("end", () => {
    if (!incoming.complete) return;
    exchange.finish("allowed");
    if (exchange.upstream?.writableFinished) return;
    // Answered early: the rest of the body goes nowhere.
    request.unpipe();
    request.resume();
    exchange.upstream?.destroy();
  });
  const headers = endToEnd(incoming.rawHeaders, search ? ["content-length", "content-encoding", "content-md5", "digest"] : []).map((text, index) => (index % 2 === 1 ? scrubText(text, needles) : text));
  try {
    response.sendDate = false;
    response.writeHead(status, scrubText(incoming.statusMessage ?? "", needles), headers);
  } catch {
    return exchange.fail(upstreamFailed(`${route.host} sent headers that cannot be passed on`));
  }
  const broken = (): void => {
    exchange.finish("failed", response.destroyed && !incoming.errored ? "cancelled" : "upstream-failed");
    exchange.upstream?.destroy();
    response.destroy();
  };
  if (search) pipeline([incoming, ...middle, createScrubber(needles), response], (error) => (error ? broken() : undefined));
  else incoming.on("error", broken).pipe(response);
  return undefined;
}
