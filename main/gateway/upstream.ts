/**
 * One request to the real provider and its answer back. Only what was judged goes out, under headers made here, with the key lent for this call
 * alone; the body and two harmless headers come back, with back-pressure. Never: a redirect followed, a key in an answer, a body in a log.
 * When the agent's end closes, the provider's is closed at once.
 */
import { request as httpRequest, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Call, GatewayOptions } from "./call.ts";
import { createScrubber, type Scrubber } from "./scrub.ts";
import { readBodyUsage, readEventUsage, type UsageReader } from "./usage.ts";
import { errorBody, sendError, type WireError } from "./wire.ts";

export interface Forwarded {
  options: Pick<GatewayOptions, "anthropicBaseUrl" | "lend">;
  path: string;
  betas: readonly string[];
  response: ServerResponse;
  body: object;
  call: Call;
}

/** The last bytes of the answer, sent by the caller once the call is recorded. */
export type Ending = () => void;

const largestError = 64 << 10;
const longestEvent = 4 << 20;
const broken = "The provider broke off before its answer was complete.";

export async function forward({ options, path, betas, response, body, call }: Forwarded): Promise<Ending> {
  const fail = failing(response, call);
  const base = parseBase(options.anthropicBaseUrl());
  if (!base) return fail(502, { type: "api_error", message: "The provider's address in the settings is not one that a key may be sent to: https is needed." }, "model-failed");
  const text = JSON.stringify(body);
  const headers = {
    host: base.host, accept: "application/json, text/event-stream", "accept-encoding": "identity", "content-type": "application/json", "user-agent": "bulkhead",
    "content-length": String(Buffer.byteLength(text)), "anthropic-version": "2023-06-01", ...(betas.length > 0 ? { "anthropic-beta": betas.join(",") } : {}),
  };
  const send = base.protocol === "https:" ? httpsRequest : httpRequest;
  const lent = options.lend("anthropic", (key) => (/^[\x21-\x7e]+$/.test(key) ? { scrubber: createScrubber(key), upstream: send({
    protocol: base.protocol, hostname: base.hostname.replace(/^\[|\]$/g, ""), port: base.port || undefined, method: "POST", path: `${base.pathname.replace(/\/+$/, "").replace(/\/v1$/, "")}${path}`,
    headers: { ...headers, "x-api-key": key }, timeout: 600_000, agent: false,
  }) } : undefined));
  const noKey = (message: string): Ending => fail(401, { type: "authentication_error", message }, "no-key");
  if (!lent.ok) return noKey(lent.problem.code === "no-keychain" ? `${lent.problem.message} ${lent.problem.mend ?? ""}` : "There is no key for Anthropic. Add one in the settings, or choose the practice model.");
  if (!lent.value) return noKey("The stored key for Anthropic holds characters that no key has. Store it again.");
  return exchange({ ...lent.value, response, call, fail }, text);
}

/** undefined: no address that a key may be sent to. Without TLS only this machine itself is one. */
function parseBase(text: string): URL | undefined {
  const url = URL.parse(text);
  if (!url || url.username !== "" || url.password !== "") return undefined;
  const here = url.hostname === "localhost" || url.hostname === "[::1]" || (isIP(url.hostname) === 4 && url.hostname.startsWith("127."));
  return url.protocol === "https:" || (url.protocol === "http:" && here) ? url : undefined;
}

type Fail = (status: number, error: WireError, reason: NonNullable<Call["reason"]>) => Ending;

function failing(response: ServerResponse, call: Call): Fail {
  return (status, error, reason) => {
    call.reason ??= response.destroyed ? "cancelled" : reason;
    return () => sendError(response, status, error);
  };
}

interface Exchange { upstream: ClientRequest; scrubber: Scrubber; response: ServerResponse; call: Call; fail: Fail }

async function exchange(open: Exchange, text: string): Promise<Ending> {
  const { upstream, response, fail } = open;
  // The agent left, or was stopped: the provider must not go on working for nobody.
  response.once("close", () => upstream.destroy());
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once("response", resolve).on("error", reject).once("timeout", () => upstream.destroy(new Error("no answer")));
      upstream.once("upgrade", (_incoming, socket) => void socket.destroy(reject(new Error("protocol changed")) as undefined));
      upstream.end(text);
    });
    const status = answer.statusCode ?? 502;
    const coding = answer.headers["content-encoding"] ?? "identity";
    if (status >= 400 && coding === "identity") return await relayError(open, answer, status);
    if (status >= 200 && status < 300 && coding === "identity") return await stream(open, answer);
    upstream.destroy();
    const what = coding === "identity" ? "with a redirect, which is not followed" : "compressed, which was not asked for";
    return fail(502, { type: "api_error", message: `The provider answered ${what}. Check the base URL in the settings.` }, "upstream-failed");
  } catch (error) {
    upstream.destroy();
    const code = (error as NodeJS.ErrnoException).code ?? "error";
    return fail(502, { type: "api_error", message: `The provider could not be reached (${code}). Check the network and the base URL.` }, "model-failed");
  }
}

/** An error's kind and words, never its body as it came: error pages like to repeat what they were sent. */
async function relayError({ scrubber, response, fail }: Exchange, answer: IncomingMessage, status: number): Promise<Ending> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > largestError) break;
    pieces.push(piece);
  }
  const text = Buffer.concat([scrubber.take(Buffer.concat(pieces)), scrubber.rest()]).toString("utf8");
  const wait = answer.headers["retry-after"];
  if (wait !== undefined && /^[\w ,:+-]{1,64}$/.test(wait) && !response.headersSent) response.setHeader("retry-after", wait);
  return fail(status, readError(text) ?? { type: "api_error", message: `The provider answered ${status}.` }, "model-failed");
}

function readError(text: string): WireError | undefined {
  try {
    const { type, message } = (JSON.parse(text) as { error?: { type?: unknown; message?: unknown } }).error ?? {};
    return typeof type === "string" && typeof message === "string" ? { type, message } : undefined;
  } catch {
    return undefined;
  }
}

async function stream({ upstream, scrubber, response, call, fail }: Exchange, answer: IncomingMessage): Promise<Ending> {
  const events = /^text\/event-stream\b/i.test(answer.headers["content-type"] ?? "");
  const reader = events ? readEventUsage() : readBodyUsage();
  const through = passing(scrubber, reader, events);
  response.writeHead(answer.statusCode ?? 200, { "content-type": events ? "text/event-stream; charset=utf-8" : "application/json", "cache-control": "no-store" });
  response.flushHeaders();
  through.pipe(response, { end: false });
  const whole = await pipeline(answer, through).then(() => true, () => false);
  const usage = reader.usage();
  Object.assign(call, { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens });
  if (whole && usage.complete) return () => void response.end();
  upstream.destroy();
  const ending = fail(502, { type: "api_error", message: broken }, "model-failed");
  return events ? () => void response.end(`event: error\ndata: ${JSON.stringify(errorBody({ type: "api_error", message: broken }))}\n\n`) : ending;
}

function passing(scrubber: Scrubber, reader: UsageReader, events: boolean): Transform {
  const ready = events ? wholeEvents() : (bytes: Buffer) => bytes;
  return new Transform({
    transform(piece: Buffer, _, next) {
      const clean = scrubber.take(piece);
      reader.see(clean);
      next(null, ready(clean, false));
    },
    flush(next) {
      const rest = scrubber.rest();
      reader.see(rest);
      next(null, ready(rest, true));
    },
  });
}

/** Lets only whole events through, so that after a cut the agent is told of it in an event of its own. */
function wholeEvents(): (bytes: Buffer, last: boolean) => Buffer {
  let held: Buffer = Buffer.alloc(0);
  return (bytes, last) => {
    const all = Buffer.concat([held, bytes]);
    const end = last || all.length > longestEvent ? all.length : Math.max(endAfter(all, "\n\n"), endAfter(all, "\r\n\r\n"));
    held = all.subarray(end);
    return all.subarray(0, end);
  };
}

function endAfter(bytes: Buffer, mark: string): number {
  const at = bytes.lastIndexOf(mark);
  return at < 0 ? 0 : at + mark.length;
}
