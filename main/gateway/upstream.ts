/** One request to the real provider: headers made here, the key lent for this call alone, the stream passed with back-pressure. */
import { request as httpRequest, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { Transform } from "node:stream";
import type { Call, GatewayOptions } from "./gateway.ts";
import { passedHeaders } from "./allowed.ts";
import { sendError } from "./wire.ts";

export interface Forwarded {
  options: GatewayOptions;
  request: IncomingMessage;
  response: ServerResponse;
  body: object;
  call: Call;
}

export async function forward({ options, request, response, body, call }: Forwarded): Promise<void> {
  const base = new URL(options.anthropicBaseUrl());
  const path = `${base.pathname.replace(/\/$/, "")}${request.url?.split("?")[0] ?? ""}`;
  const text = JSON.stringify(body);
  const headers: { [name: string]: string } = { "content-length": String(Buffer.byteLength(text)), "accept-encoding": "identity" };
  for (const name of passedHeaders) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  headers["anthropic-version"] ??= "2023-06-01";
  const send = base.protocol === "https:" ? httpsRequest : httpRequest;
  const lent = options.lend("anthropic", (key) => send({
    protocol: base.protocol, hostname: base.hostname.replace(/^\[|\]$/g, ""), port: base.port || undefined, method: "POST", path, headers: { ...headers, "x-api-key": key }, timeout: 600_000,
  }));
  if (!lent.ok) {
    call.reason = "no-key";
    return sendError(response, 401, { type: "authentication_error", message: "There is no key for Anthropic. Add one in the settings, or choose the practice model." });
  }
  await exchange(lent.value, text, { response, call });
}

async function exchange(upstream: ClientRequest, text: string, { response, call }: Pick<Forwarded, "response" | "call">): Promise<void> {
  // The agent left, or was stopped: the provider must not go on working for nobody.
  response.once("close", () => upstream.destroy());
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once("response", resolve).once("error", reject).once("timeout", () => upstream.destroy(new Error("no answer")));
      upstream.end(text);
    });
    const status = answer.statusCode ?? 502;
    if (status >= 300 && status < 400) {
      answer.destroy();
      call.reason = "upstream-failed";
      return sendError(response, 502, { type: "api_error", message: "The provider answered with a redirect, which is not followed. Check the base URL in the settings." });
    }
    if (status >= 400) call.reason = "model-failed";
    const kept = ["content-type", "request-id", "retry-after"].flatMap((name) => (typeof answer.headers[name] === "string" ? [[name, answer.headers[name]]] : []));
    response.writeHead(status, Object.fromEntries(kept));
    await pipeline(answer, usageReader(call), response);
  } catch (error) {
    call.reason ??= response.destroyed ? "cancelled" : "model-failed";
    const code = (error as NodeJS.ErrnoException).code ?? "error";
    sendError(response, 502, { type: "api_error", message: `The provider could not be reached (${code}). Check the network and the base URL.` });
  }
}

/** Reads the counts out of the passing bytes and keeps nothing else. */
function usageReader(call: Call): Transform {
  let tail = "";
  return new Transform({
    transform(piece: Buffer, _, done) {
      const text = tail + piece.toString("latin1");
      for (const [, name, value] of text.matchAll(/"(input_tokens|output_tokens)"\s*:\s*(\d+)(?=\D)/g)) {
        const field = name === "input_tokens" ? "inputTokens" : "outputTokens";
        call[field] = Math.max(call[field], Number(value));
      }
      tail = text.slice(-40);
      done(null, piece);
    },
  });
}
