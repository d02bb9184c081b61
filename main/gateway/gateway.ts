/**
 * The only way to a model. Accepts inference paths alone, drops every credential the agent sent, adds the one key lent for
 * the provider's host, streams both ways. It never follows a redirect, never takes an upstream from the request, never logs a body.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Reason } from "../../protocol/event.ts";
import { readBetas, refusedBody, refusedHost, refusedPath, type Refused } from "./allowed.ts";
import type { Call, GatewayOptions } from "./call.ts";
import { listen } from "./listen.ts";
import { answer } from "./practice/practice.ts";
import { forward, type Ending } from "./upstream.ts";
import { sendAnswer, sendError } from "./wire.ts";

const mostBody = 32 * 1024 * 1024;

export async function startGateway(options: GatewayOptions): Promise<{ refused(): number; close(): Promise<void> }> {
  const server = createServer({ maxHeaderSize: 32_768, keepAliveTimeout: 60_000, headersTimeout: 60_000, requestTimeout: 120_000 }, (request, response) => {
    void handle(options, request, response).catch(() => sendError(response, 500, { type: "api_error", message: "The gateway failed; nothing was sent on." }));
  });
  // Neither is anything that a model needs.
  server.on("upgrade", (_request, socket) => void socket.destroy());
  server.on("connect", (_request, socket) => void socket.destroy());
  const { refused, close } = await listen(server, options);
  return { refused, close };
}

async function handle(options: GatewayOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const model = options.model();
  const call: Call = { provider: model.split("/")[0] ?? model, model: model.split("/")[1] ?? model, inputTokens: 0, outputTokens: 0, begun: performance.now() };
  const refuse = ({ status, message }: Refused): void => {
    recordCall(options, call, { outcome: "refused", reason: "bad-request" });
    // What is refused is not read to its end: the connection closes with the answer.
    response.setHeader("connection", "close");
    sendError(response, status, { type: refusals[status] ?? "permission_error", message });
  };
  const refused = refusedHost(request.headers.host) ?? refusedPath(request.method, request.url);
  if (refused) return refuse(refused);
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ data: [{ type: "model", id: model, display_name: model, created_at: "1970-01-01T00:00:00Z" }], has_more: false, first_id: model, last_id: model }));
    return undefined;
  }
  const betas = readBetas(request.headers["anthropic-beta"]);
  if ("status" in betas) return refuse(betas);
  const body = await readBody(request);
  if (body === undefined) return refuse({ status: 413, message: "The request is larger than 32 MB." });
  const parsed = parseJson(body);
  const bad = refusedBody(parsed);
  if (bad) return refuse(bad);
  const wanted = parsed as { [name: string]: unknown; messages?: unknown; stream?: unknown };
  const path = request.url?.split("?")[0] ?? "";
  const ending = call.provider === "practice"
    ? practise({ wanted, size: body.length, counting: path.endsWith("/count_tokens") }, response, call)
    : await forward({ options, path, betas, response, body: { ...wanted, model: call.model }, call });
  return settle(options, call, { response, ending });
}

const refusals: { [status: number]: string } = { 400: "invalid_request_error", 404: "not_found_error", 405: "invalid_request_error", 413: "request_too_large" };

/** An answer ends only once its call is recorded. */
function settle(options: GatewayOptions, call: Call, { response, ending }: { response: ServerResponse; ending: Ending }): void {
  try {
    recordCall(options, call, call.reason ? { outcome: "failed", reason: call.reason } : { outcome: "done" });
  } catch {
    return void response.destroy();
  }
  return ending();
}

/** Tokens of the practice model are counted as four bytes each: it has no tokeniser, and says so in its name. */
function practise(asked: { wanted: { messages?: unknown; tools?: unknown; stream?: unknown }; size: number; counting: boolean }, response: ServerResponse, call: Call): Ending {
  const size = Math.ceil(asked.size / 4);
  if (asked.counting) {
    return () => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ input_tokens: size }));
    };
  }
  const given = answer(asked.wanted.messages);
  call.inputTokens = size;
  call.outputTokens = Math.ceil(JSON.stringify(given.blocks).length / 4);
  return () => sendAnswer(response, given, { model: "practice", stream: asked.wanted.stream === true, usage: { input_tokens: call.inputTokens, output_tokens: call.outputTokens } });
}

function recordCall(options: GatewayOptions, call: Call, end: { outcome: "done" | "failed" | "refused"; reason?: Reason }): void {
  const turn = options.turn();
  options.record({
    kind: "model.called", conversation: options.conversation, ...(turn ? { turn } : {}), actor: "agent", evidence: "observed", ...end,
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
