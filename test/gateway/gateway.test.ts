import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startGateway } from "../../main/gateway/gateway.ts";
import type { EventDraft } from "../../protocol/event.ts";
import { done, failed } from "../../protocol/problem.ts";
import { greeted, token } from "../greeted.ts";
import { temporaryDirectory } from "../temporary.ts";

interface Seen { url: string; headers: IncomingMessage["headers"]; body: string; closed: boolean }

async function upstream(answer: (seen: Seen, response: ServerResponse) => void): Promise<{ base: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server: Server = createServer((incoming, response) => {
    const one: Seen = { url: incoming.url ?? "", headers: incoming.headers, body: "", closed: false };
    seen.push(one);
    response.once("close", () => (one.closed = true));
    incoming.on("data", (piece: Buffer) => (one.body += piece.toString())).on("end", () => answer(one, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => { server.closeAllConnections(); server.close(); });
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function gateway(model: string, base: string, key?: string): Promise<{ socket: string; events: EventDraft[] }> {
  const socket = join(temporaryDirectory(), "g");
  const events: EventDraft[] = [];
  const started = await startGateway({
    socketPath: socket, token, conversation: "aaaaaaaaaaaa", turn: () => "t", model: () => model, anthropicBaseUrl: () => base,
    lend: (name, use) => (key && name === "anthropic" ? done(use(key)) : failed("no-key", "none")),
    record: (draft) => { events.push(draft); return draft as never; },
  });
  onTestFinished(started.close);
  return { socket, events };
}

function ask(socketPath: string, body: unknown, options: { path?: string; method?: string; headers?: { [name: string]: string }; abortAt?: string } = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ createConnection: () => greeted(socketPath), path: options.path ?? "/v1/messages", method: options.method ?? "POST", headers: { "content-type": "application/json", "x-api-key": "placeholder", authorization: "Bearer AGENT-OWN", cookie: "a=b", ...options.headers } }, (response) => {
      let text = "";
      response.on("data", (piece: Buffer) => {
        text += piece.toString();
        if (options.abortAt && text.includes(options.abortAt)) sent.destroy();
      });
      response.on("close", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", (error) => (options.abortAt ? undefined : reject(error)));
    sent.end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

const hello = { model: "x", max_tokens: 10, messages: [{ role: "user", content: "list" }] };

test("the practice model answers in the wire format, streamed and whole", async () => {
  const { socket, events } = await gateway("practice", "http://127.0.0.1:1");
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  const whole = JSON.parse((await ask(socket, hello)).text) as { stop_reason: string; content: { name: string }[] };
  expect(whole).toMatchObject({ stop_reason: "tool_use", content: [{ type: "tool_use", name: "list", input: { path: "." } }] });
  const streamed = (await ask(socket, { ...hello, stream: true })).text;
  expect([...streamed.matchAll(/^event: (.+)$/gm)].map((match) => match[1])).toEqual(["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"]);
  expect(events.map((event) => [event.kind, event.outcome])).toEqual([["model.called", "done"], ["model.called", "done"]]);
});

test("the real key is added outside, the agent's own credentials and model never pass", async () => {
  const { base, seen } = await upstream((_, response) => { response.setHeader("content-type", "application/json"); response.end('{"usage":{"input_tokens":12,"output_tokens":34}}'); });
  const { socket, events } = await gateway("anthropic/claude-x", `${base}/proxy/`, "REAL-KEY");
  expect((await ask(socket, hello)).status).toBe(200);
  expect(seen).toHaveLength(1);
  expect(seen[0]?.url).toBe("/proxy/v1/messages");
  expect(seen[0]?.headers["x-api-key"]).toBe("REAL-KEY");
  expect(JSON.stringify(seen[0]?.headers)).not.toMatch(/AGENT-OWN|placeholder|a=b/);
  expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({ model: "claude-x", messages: hello.messages });
  expect(events[0]).toMatchObject({ kind: "model.called", outcome: "done", detail: { inputTokens: 12, outputTokens: 34 } });
});

test.each<[string, unknown, { path?: string; method?: string }]>([
  ["a files call", hello, { path: "/v1/files" }],
  ["a batch", hello, { path: "/v1/messages/batches" }],
  ["a path with dots", hello, { path: "/v1/messages/../files" }],
  ["another host in the target", hello, { path: "http://evil.test/v1/messages" }],
  ["another method", "", { method: "DELETE" }],
  ["a web search at the provider", { ...hello, tools: [{ type: "web_search_20250305", name: "web_search" }] }, {}],
  ["connectors at the provider", { ...hello, mcp_servers: [{ url: "https://evil.test" }] }, {}],
  ["an image by URL", { ...hello, messages: [{ role: "user", content: [{ type: "image", source: { type: "url", url: "https://evil.test/?d" } }] }] }, {}],
  ["an unknown field", { ...hello, container: "x" }, {}],
  ["no JSON", "{", {}],
])("%s never reaches the provider; the same without it does", async (_, body, options) => {
  const { base, seen } = await upstream((__, response) => response.end("{}"));
  const { socket } = await gateway("anthropic/claude-x", base, "REAL-KEY");
  expect((await ask(socket, body, options)).status).toBeGreaterThanOrEqual(400);
  expect(seen).toHaveLength(0);
  expect((await ask(socket, hello)).status).toBe(200);
  expect(seen).toHaveLength(1);
});

test("a redirect is not followed, an error is passed on, no key is said plainly", async () => {
  const target = await upstream((_, response) => response.end("{}"));
  const redirect = await upstream((_, response) => { response.writeHead(307, { location: target.base }); response.end(); });
  const one = await gateway("anthropic/m", redirect.base, "K");
  expect((await ask(one.socket, hello)).status).toBe(502);
  expect(target.seen).toHaveLength(0);
  const overloaded = await upstream((_, response) => { response.writeHead(529); response.end('{"type":"error"}'); });
  const two = await gateway("anthropic/m", overloaded.base, "K");
  expect((await ask(two.socket, hello)).status).toBe(529);
  expect(two.events[0]).toMatchObject({ outcome: "failed", reason: "model-failed" });
  const three = await gateway("anthropic/m", target.base);
  expect((await ask(three.socket, hello)).text).toContain("no key");
  const gone = await gateway("anthropic/m", "http://127.0.0.1:1", "K");
  expect((await ask(gone.socket, hello)).status).toBe(502);
});

test("a stream that the agent leaves is closed at the provider too", async () => {
  const { base, seen } = await upstream((_, response) => { response.writeHead(200, { "content-type": "text/event-stream" }); response.write("event: message_start\ndata: {}\n\n"); });
  const { socket } = await gateway("anthropic/m", base, "K");
  await ask(socket, { ...hello, stream: true }, { abortAt: "message_start" });
  await expect.poll(() => seen[0]?.closed, { timeout: 2000 }).toBe(true);
});
