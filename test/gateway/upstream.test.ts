/** The gateway between a real client on its socket and a real server that plays the provider, judged by the bytes at both ends. */
import { createServer as createHttp, request, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createAnthropic } from "@ai-sdk/anthropic";
import { generateText, isStepCount, streamText, tool } from "ai";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startGateway } from "../../main/gateway/gateway.ts";
import type { EventDraft } from "../../protocol/event.ts";
import { done, failed } from "../../protocol/problem.ts";
import { greeted, token } from "../greeted.ts";
import { temporaryDirectory } from "../temporary.ts";

const key = "sk-ant-REAL-KEY-CANARY";
const hello = { model: "x", max_tokens: 10, messages: [{ role: "user", content: "hello" }] };

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => void sockets.add(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A provider whose `answer` decides. */
async function provider(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ base: string }> {
  return { base: await listening(createHttp((incoming, response) => incoming.resume().on("end", () => answer(incoming, response)))) };
}

/** A provider on a bare socket: every byte it was sent is kept. */
async function rawProvider(answer: (socket: Socket) => void): Promise<{ base: string; bytes(): string }> {
  let bytes = "";
  const base = await listening(createServer((socket) => {
    socket.on("data", (piece: Buffer) => {
      const before = bytes.includes("\r\n\r\n");
      bytes += piece.toString("latin1");
      if (!before && bytes.includes("\r\n\r\n")) answer(socket);
    });
  }));
  return { base, bytes: () => bytes };
}

async function gateway(base: string, model = "anthropic/claude-x"): Promise<{ socketPath: string; events: EventDraft[]; lent: string[] }> {
  const socketPath = join(temporaryDirectory(), "g");
  const events: EventDraft[] = [];
  const lent: string[] = [];
  const started = await startGateway({
    socketPath, token, conversation: "aaaaaaaaaaaa", turn: () => "t", model: () => model, anthropicBaseUrl: () => base,
    lend: (name, use) => { lent.push(name); return name === "anthropic" ? done(use(key)) : failed("no-key", "none"); },
    record: (draft) => { events.push(draft); return draft as never; },
  });
  onTestFinished(started.close);
  return { socketPath, events, lent };
}

function ask(socketPath: string, body: unknown, options: { path?: string; headers?: { [name: string]: string } } = {}): Promise<{ status: number; text: string; cut: boolean }> {
  return new Promise((resolve, reject) => {
    const sent = request({ createConnection: () => greeted(socketPath), path: options.path ?? "/v1/messages", method: "POST", headers: { "content-type": "application/json", ...options.headers } }, (response) => {
      let text = "";
      response.on("data", (piece: Buffer) => (text += piece.toString()));
      response.on("error", () => undefined);
      response.on("close", () => resolve({ status: response.statusCode ?? 0, text, cut: !response.complete }));
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
  });
}

const event = (type: string, body: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`;
const begun = event("message_start", { message: { id: "m", type: "message", role: "assistant", model: "claude-x", content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 7, cache_read_input_tokens: 100, output_tokens: 1 } } });
const ended = event("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 42 } }) + event("message_stop", {});

test("no credential and no odd header of the agent is in the bytes at the provider", async () => {
  const { base, bytes } = await rawProvider((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"));
  const { socketPath } = await gateway(base);
  const planted = {
    "x-api-key": "AGENT-1", authorization: "Bearer AGENT-2", "x-goog-api-key": "AGENT-3", cookie: "AGENT-4", "proxy-authorization": "AGENT-5", "x-upstream": "AGENT-6",
    "anthropic-version": "AGENT-7", "user-agent": "AGENT-8", forwarded: "AGENT-9", "anthropic-beta": "pdfs-2024-09-25",
  };
  expect((await ask(socketPath, hello, { headers: planted })).status).toBe(200);
  expect(bytes()).toContain(`x-api-key: ${key}`);
  expect(bytes()).toContain("anthropic-beta: pdfs-2024-09-25");
  expect(bytes()).not.toContain("AGENT");
});

test.each<[string, object, { path?: string; headers?: { [name: string]: string } }]>([
  ["a beta that is not known", hello, { headers: { "anthropic-beta": "pdfs-2024-09-25, web-fetch-2025-09-10" } }],
  ["another host's name", hello, { headers: { host: "127.evil.test" } }],
  ["a file kept at the provider", { ...hello, messages: [{ role: "user", content: [{ type: "document", source: { type: "file", file_id: "f" } }] }] }, {}],
  ["an image by address within a tool's result", { ...hello, messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: [{ type: "image", source: { type: "url", url: "https://evil.test" } }] }] }] }, {}],
  ["content that the provider ran", { ...hello, messages: [{ role: "assistant", content: [{ type: "server_tool_use", id: "t", name: "web_search", input: {} }] }] }, {}],
  ["code execution", { ...hello, tools: [{ type: "code_execution_20250825", name: "code_execution" }] }, {}],
  ["encoded slashes", hello, { path: "/v1%2fmessages" }],
  ["two slashes", hello, { path: "//evil.test/v1/messages" }],
])("%s is refused, recorded, and no key is lent for it", async (_, body, options) => {
  const { base, bytes } = await rawProvider((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"));
  const { socketPath, events, lent } = await gateway(base);
  const answer = await ask(socketPath, body, options);
  expect([403, 404]).toContain(answer.status);
  expect(JSON.parse(answer.text)).toMatchObject({ type: "error" });
  expect({ bytes: bytes(), lent }).toEqual({ bytes: "", lent: [] });
  expect(events).toMatchObject([{ kind: "model.called", outcome: "refused", reason: "bad-request" }]);
  // The control: the same provider does see what may pass.
  expect((await ask(socketPath, hello)).status).toBe(200);
  expect(bytes()).toContain("POST /v1/messages HTTP/1.1");
});

test("an agent that leaves ends the provider's work at once, and the call counts as cancelled", async () => {
  let left = false;
  const { base } = await rawProvider((socket) => {
    socket.on("close", () => (left = true));
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${begun}`);
  });
  const { socketPath, events } = await gateway(base);
  await new Promise<void>((resolve) => {
    const sent = request({ createConnection: () => greeted(socketPath), path: "/v1/messages", method: "POST" }, (response) => void response.once("data", () => { sent.destroy(); resolve(); }));
    sent.on("error", () => undefined).end(JSON.stringify({ ...hello, stream: true }));
  });
  await expect.poll(() => left, { timeout: 1000 }).toBe(true);
  await expect.poll(() => events, { timeout: 1000 }).toMatchObject([{ outcome: "failed", reason: "cancelled" }]);
});

test("a stream passes unchanged and its tokens are counted, those from a cache too", async () => {
  const { base } = await provider((_, response) => { response.writeHead(200, { "content-type": "text/event-stream" }); response.end(begun + ended); });
  const { socketPath, events } = await gateway(base);
  expect(await ask(socketPath, { ...hello, stream: true })).toEqual({ status: 200, text: begun + ended, cut: false });
  expect(events).toMatchObject([{ outcome: "done", detail: { provider: "anthropic", model: "claude-x", inputTokens: 107, outputTokens: 42 } }]);
});

test("a stream cut in the middle of an event ends with an error event of its own, and the call counts as failed", async () => {
  const { base } = await rawProvider((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${begun}event: content_block_start\ndata: {"type":"conte`);
    setTimeout(() => socket.resetAndDestroy(), 50);
  });
  const { socketPath, events } = await gateway(base);
  const { text } = await ask(socketPath, { ...hello, stream: true });
  expect(text.startsWith(begun)).toBe(true);
  expect(text.slice(begun.length)).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"api_error","message":"The provider broke off/);
  expect(events).toMatchObject([{ outcome: "failed", reason: "model-failed", detail: { inputTokens: 107 } }]);
});

test("a stream that ends without its last event is told as broken off", async () => {
  const { base } = await provider((_, response) => { response.writeHead(200, { "content-type": "text/event-stream" }); response.end(begun); });
  const { socketPath, events } = await gateway(base);
  expect((await ask(socketPath, { ...hello, stream: true })).text).toContain("event: error");
  expect(events).toMatchObject([{ outcome: "failed", reason: "model-failed" }]);
});

test("a whole answer that is cut ends as a broken connection, never as a short answer", async () => {
  const { base } = await rawProvider((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"half":');
    setTimeout(() => socket.destroy(), 50);
  });
  const { socketPath, events } = await gateway(base);
  expect((await ask(socketPath, hello)).cut).toBe(true);
  expect(events).toMatchObject([{ outcome: "failed", reason: "model-failed" }]);
});

test("a key that the provider repeats, in an error or across a stream's pieces, is taken out", async () => {
  const error = await provider((incoming, response) => { response.writeHead(401); response.end(JSON.stringify({ error: { type: "authentication_error", message: `bad key ${String(incoming.headers["x-api-key"])}` } })); });
  const one = await gateway(error.base);
  expect(await ask(one.socketPath, hello)).toMatchObject({ status: 401, text: '{"type":"error","error":{"type":"authentication_error","message":"bad key [secret]"}}' });
  const page = await provider((incoming, response) => { response.writeHead(500); response.end(`<html>${JSON.stringify(incoming.headers)}`); });
  const two = await gateway(page.base);
  expect((await ask(two.socketPath, hello)).text).not.toContain("CANARY");
  const pieces = await provider((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`${begun}event: x\ndata: ${key.slice(0, 9)}`);
    setTimeout(() => response.end(`${key.slice(9)} and more\n\n${ended}`), 30);
  });
  const three = await gateway(pieces.base);
  expect((await ask(three.socketPath, { ...hello, stream: true })).text).toBe(`${begun}event: x\ndata: [secret] and more\n\n${ended}`);
});

test.each(["http://example.com", "ftp://127.0.0.1", "nonsense", "https://user:word@127.0.0.1", "http://127.evil.test"])("no key is lent towards %s", async (base) => {
  const { socketPath, events, lent } = await gateway(base);
  expect((await ask(socketPath, hello)).status).toBe(502);
  expect(lent).toEqual([]);
  expect(events).toMatchObject([{ outcome: "failed", reason: "model-failed" }]);
});

test("a slow reader holds the provider back instead of filling memory", async () => {
  let sent = 0;
  const { base } = await provider((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const piece = event("ping", { filler: "x".repeat(64_000) });
    const more = (): void => {
      while (sent < 64 << 20) {
        sent += piece.length;
        if (!response.write(piece)) return void response.once("drain", more);
      }
    };
    more();
  });
  const { socketPath } = await gateway(base);
  const client = greeted(socketPath);
  onTestFinished(() => void client.destroy());
  const body = JSON.stringify({ ...hello, stream: true });
  client.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  client.pause();
  await expect.poll(() => sent, { timeout: 5000 }).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(sent).toBeLessThan(32 << 20);
});

test("the agent's own library does a whole turn with the practice model, streamed and whole", async () => {
  const { socketPath, events } = await gateway("http://127.0.0.1:1", "practice");
  const bridge = createServer((socket) => void socket.pipe(greeted(socketPath)).on("error", () => socket.destroy()).pipe(socket));
  const model = createAnthropic({ baseURL: `${await listening(bridge)}/v1`, apiKey: "placeholder" })("practice");
  const used: string[] = [];
  const one = (name: string, inputSchema: z.ZodType) => tool({ inputSchema, execute: (input: unknown) => { used.push(`${name} ${JSON.stringify(input)}`); return Promise.resolve(`${name} says 发票`); } });
  const tools = { list: one("list", z.object({ path: z.string() })), read: one("read", z.object({ path: z.string() })), plan: one("plan", z.object({ entries: z.array(z.unknown()) })) };
  const turn = { model, tools, prompt: "列出 发票 然后 读取 “甲 乙.txt”", stopWhen: isStepCount(10), maxRetries: 0, maxOutputTokens: 4096 };
  const whole = await generateText(turn);
  expect(used.map((call) => call.split(" ")[0])).toEqual(["plan", "list", "read", "plan"]);
  expect(used[2]).toBe('read {"path":"甲 乙.txt"}');
  expect(whole.text).toContain("read says 发票");
  expect(await streamText(turn).text).toBe(whole.text);
  expect(events.every((draft) => draft.kind === "model.called" && draft.outcome === "done")).toBe(true);
});
