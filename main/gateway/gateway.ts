/**
 * The only way to a model. Accepts inference paths alone, drops every credential the agent sent, adds the one key lent for
 * the provider's host, streams both ways. It never follows a redirect, never takes an upstream from the request, never logs a body.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { chmodSync } from "node:fs";
import type { Record, Reason } from "../../protocol/event.ts";
import type { Outcome } from "../../protocol/problem.ts";
import { refusedBody, refusedPath } from "./allowed.ts";
import { answer } from "./practice/practice.ts";
import { forward } from "./upstream.ts";
import { sendAnswer, sendError } from "./wire.ts";

export interface GatewayOptions {
  socketPath: string;
  conversation: string;
  turn(): string | undefined;
  /** `practice` or `anthropic/MODEL`; asked at each request. */
  model(): string;
  anthropicBaseUrl(): string;
  lend<T>(name: string, use: (value: string) => T): Outcome<T>;
  record: Record;
}

export interface Call {
  provider: string;
  model: string;
  inputTokens: number;
  outputTokens: number;
  begun: number;
  reason?: Reason;
}

const mostBody = 32 * 1024 * 1024;

export async function startGateway(options: GatewayOptions): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void handle(options, request, response).catch(() => sendError(response, 500, { type: "api_error", message: "The gateway failed; nothing was sent on." }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.socketPath, resolve);
  });
  chmodSync(options.socketPath, 0o600);
  return {
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

async function handle(options: GatewayOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refused = refusedPath(request.method, request.url);
  if (refused) return sendError(response, refused.status, { type: "permission_error", message: refused.message });
  const model = options.model();
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ data: [{ type: "model", id: model, display_name: model }], has_more: false }));
    return;
  }
  const body = await readBody(request);
  if (body === undefined) return sendError(response, 413, { type: "request_too_large", message: "The request is larger than 32 MB." });
  const parsed = parseJson(body);
  const bad = refusedBody(parsed);
  if (bad) return sendError(response, bad.status, { type: "permission_error", message: bad.message });
  const wanted = parsed as { [name: string]: unknown; messages?: unknown; stream?: unknown };
  const call: Call = { provider: model.split("/")[0] ?? model, model: model.split("/")[1] ?? model, inputTokens: 0, outputTokens: 0, begun: performance.now() };
  const counting = request.url?.split("?")[0]?.endsWith("/count_tokens") ?? false;
  if (model === "practice") {
    practise({ wanted, size: body.length, counting }, response, call);
  } else {
    await forward({ options, request, response, body: { ...wanted, model: call.model }, call });
  }
  if (!counting) recordCall(options, call);
}

/** Tokens of the practice model are counted as four bytes each: it has no tokeniser, and says so in its name. */
function practise(asked: { wanted: { messages?: unknown; stream?: unknown }; size: number; counting: boolean }, response: ServerResponse, call: Call): void {
  call.inputTokens = Math.ceil(asked.size / 4);
  if (asked.counting) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ input_tokens: call.inputTokens }));
    return;
  }
  const given = answer(asked.wanted.messages);
  call.outputTokens = Math.ceil(JSON.stringify(given.blocks).length / 4);
  sendAnswer(response, given, { model: "practice", stream: asked.wanted.stream === true, usage: { input_tokens: call.inputTokens, output_tokens: call.outputTokens } });
}

function recordCall(options: GatewayOptions, call: Call): void {
  const turn = options.turn();
  options.record({
    kind: "model.called", conversation: options.conversation, ...(turn ? { turn } : {}), actor: "agent", evidence: "observed",
    outcome: call.reason ? "failed" : "done", ...(call.reason ? { reason: call.reason } : {}),
    detail: { provider: call.provider, model: call.model, inputTokens: call.inputTokens, outputTokens: call.outputTokens, ms: Math.round(performance.now() - call.begun) },
  });
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > mostBody) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
