/** A hostile program at the other end of a real socket. */
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { openLink, type Link } from "../../main/link/link.ts";
import type { TurnUpdate } from "../../protocol/conversation.ts";
import { greeted as begin, token } from "../greeted.ts";
import { temporaryDirectory } from "../temporary.ts";

interface Frame {
  id?: number;
  method?: string;
  error?: { code: number };
  result?: unknown;
}
interface Peer {
  link: Link;
  path: string;
  socket: Socket;
  send(frame: object): void;
  next(wanted: (frame: Frame) => boolean): Promise<Frame>;
  updates: TurnUpdate[];
  claims: string[];
  malformed: string[];
}

async function peer(patience = 2000): Promise<Peer> {
  const path = join(temporaryDirectory(), "l");
  const updates: TurnUpdate[] = [];
  const claims: string[] = [];
  const malformed: string[] = [];
  const link = await openLink({ socketPath: path, token, patience, onUpdate: (update) => updates.push(update), onClaim: ({ tool, summary, status }) => claims.push(`${tool} ${summary} ${status}`), onMalformed: (message) => malformed.push(message) });
  onTestFinished(link.close);
  const socket = begin(path);
  socket.on("error", () => undefined);
  const frames: Frame[] = [];
  createInterface({ input: socket }).on("line", (line) => frames.push(JSON.parse(line) as Frame)).on("error", () => undefined);
  const next = async (wanted: (frame: Frame) => boolean): Promise<Frame> => {
    await expect.poll(() => frames.some(wanted), { timeout: 2000 }).toBe(true);
    return frames.splice(frames.findIndex(wanted), 1)[0] as Frame;
  };
  return { link, path, socket, send: (frame) => void socket.write(`${JSON.stringify({ jsonrpc: "2.0", ...frame })}\n`), next, updates, claims, malformed };
}

async function greeted(): Promise<Peer> {
  const one = await peer();
  one.send({ id: (await one.next((frame) => frame.method === "initialize")).id, result: { protocolVersion: 1, agentCapabilities: {} } });
  expect(await one.link.ready).toEqual({ ok: true, value: undefined });
  return one;
}

async function inTurn(): Promise<Peer & { turn: Promise<unknown>; prompt: Frame }> {
  const one = await greeted();
  const started = one.link.start([], { model: "practice", folders: [] });
  one.send({ id: (await one.next((frame) => frame.method === "session/new")).id, result: { sessionId: "s" } });
  expect(await started).toEqual({ ok: true, value: undefined });
  const turn = one.link.prompt("go");
  return { ...one, turn, prompt: await one.next((frame) => frame.method === "session/prompt") };
}

const update = (fields: object): object => ({ method: "session/update", params: { sessionId: "s", update: fields } });

test("the socket takes one connection and is gone", async () => {
  const { path } = await greeted();
  expect(existsSync(path)).toBe(false);
  const second = connect(path);
  expect(await new Promise((resolve) => second.once("error", (error: NodeJS.ErrnoException) => resolve(error.code)))).toBe("ENOENT");
});

test.each(["fs/read_text_file", "fs/write_text_file", "terminal/create", "terminal/output", "anything/else"])("%s is answered with method not found", async (method) => {
  const one = await greeted();
  one.send({ id: 77, method, params: { sessionId: "s", path: "/etc/passwd", content: "x", command: "id", terminalId: "t" } });
  expect((await one.next((frame) => frame.id === 77)).error?.code).toBe(-32601);
});

test("a request for permission is refused", async () => {
  const one = await greeted();
  const options = [{ optionId: "yes", name: "Yes", kind: "allow_always" }, { optionId: "no", name: "No", kind: "reject_once" }];
  one.send({ id: 5, method: "session/request_permission", params: { sessionId: "s", toolCall: { toolCallId: "c" }, options } });
  expect((await one.next((frame) => frame.id === 5)).result).toEqual({ outcome: { outcome: "selected", optionId: "no" } });
  one.send({ id: 6, method: "session/request_permission", params: { sessionId: "s", toolCall: { toolCallId: "c" }, options: options.slice(0, 1) } });
  expect((await one.next((frame) => frame.id === 6)).result).toEqual({ outcome: { outcome: "cancelled" } });
});

test("updates become turn updates, each change of a call one claim", async () => {
  const one = await inTurn();
  one.send(update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: "Hi" } }));
  one.send(update({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: "hm" } }));
  one.send(update({ sessionUpdate: "tool_call", toolCallId: "1", title: "List", kind: "read", status: "in_progress" }));
  one.send(update({ sessionUpdate: "tool_call_update", toolCallId: "1", content: [{ type: "content", content: { type: "text", text: "x".repeat(9000) } }] }));
  one.send(update({ sessionUpdate: "tool_call_update", toolCallId: "1", status: "completed" }));
  one.send({ id: one.prompt.id, result: { stopReason: "end_turn" } });
  expect(await one.turn).toEqual({ ok: true, value: "settled" });
  expect(one.updates[0]).toEqual({ type: "text", text: "Hi" });
  expect(one.updates.at(-1)).toMatchObject({ type: "step", step: { id: "1", tool: "read", title: "List", status: "completed" } });
  const last = one.updates.at(-1);
  expect(last?.type === "step" ? last.step.output?.length : 0).toBe(4000);
  expect(one.claims).toEqual(["read List in_progress", "read List completed"]);
});

test("updates that do not fit are told and do not end the turn", async () => {
  const one = await inTurn();
  for (const wrong of [{ sessionUpdate: "plan", entries: "all" }, { sessionUpdate: "tool_call" }, { sessionUpdate: 7 }, { sessionUpdate: "agent_message_chunk", content: [] }]) one.send(update(wrong));
  one.send({ method: "session/update", params: null });
  one.send({ id: one.prompt.id, result: { stopReason: "cancelled" } });
  expect(await one.turn).toEqual({ ok: true, value: "cancelled" });
  expect(one.malformed).toHaveLength(5);
  expect(one.updates).toEqual([]);
});

test.each([
  ["not JSON", "hello\n"], ["a list", "[1,2]\n"], ["a number", "7\n"], ["another version", '{"jsonrpc":"1.0","id":1}\n'], ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x00, 0x0a])],
  ["more than 8 MB without an end", Buffer.alloc((8 << 20) + 1, 97)], ["more than 8 MB in one line", Buffer.concat([Buffer.alloc((8 << 20) + 1, 97), Buffer.from("\n")])],
])("%s ends the link with a problem", async (_, bytes) => {
  const one = await inTurn();
  one.socket.write(bytes);
  expect(await one.turn).toMatchObject({ ok: false, problem: { code: "agent-failed" } });
  expect(one.malformed).toHaveLength(1);
  expect(await one.link.prompt("again")).toMatchObject({ ok: false, problem: { code: "agent-failed" } });
});

test("a flood of text is cut at the turn's bound and told once", async () => {
  const one = await inTurn();
  for (let count = 0; count < 12; count++) one.send(update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: "x".repeat(1 << 19) } }));
  one.send({ id: one.prompt.id, result: { stopReason: "end_turn" } });
  expect(await one.turn).toEqual({ ok: true, value: "settled" });
  expect(one.updates).toHaveLength(8);
  expect(one.malformed).toHaveLength(1);
});

test("a flood of wrong updates does not flood the feed", async () => {
  const one = await inTurn();
  for (let count = 0; count < 5000; count++) one.send(update({ sessionUpdate: "plan" }));
  one.send({ id: one.prompt.id, result: { stopReason: "end_turn" } });
  expect(await one.turn).toEqual({ ok: true, value: "settled" });
  expect(one.malformed.length).toBeLessThan(110);
});

test("frames are the same however the bytes are cut", async () => {
  const one = await inTurn();
  const bytes = Buffer.from(["ä", "日本", "x".repeat(300)].map((text) => `${JSON.stringify({ jsonrpc: "2.0", ...update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } }) })}\r\n`).join(""));
  one.socket.setNoDelay(true);
  for (let from = 0; from < bytes.length; from += 7) {
    one.socket.write(bytes.subarray(from, from + 7));
    await new Promise(setImmediate);
  }
  await expect.poll(() => one.updates.length).toBe(3);
  expect(one.updates.map((each) => (each.type === "text" ? each.text : ""))).toEqual(["ä", "日本", "x".repeat(300)]);
});

test("an answer that does not fit the protocol is a problem", async () => {
  const one = await inTurn();
  one.send({ id: one.prompt.id, result: { stopReason: "exploded" } });
  expect(await one.turn).toMatchObject({ ok: false, problem: { code: "agent-failed" } });
});

test("the agent's error text is made harmless", async () => {
  const one = await inTurn();
  one.send({ id: one.prompt.id, error: { code: -32000, message: "\u001b[2Jbad\u202e", data: { reason: "disk-full" } } });
  expect(await one.turn).toEqual({ ok: false, problem: { code: "agent-failed", message: "\\u{1b}[2Jbad\\u{202e}" } });
});

test("an agent that never answers is a problem after the patience", async () => {
  const one = await peer(150);
  expect(await one.link.ready).toMatchObject({ ok: false, problem: { code: "agent-failed", message: "The agent was not ready in time." } });
});

test("another protocol version is refused", async () => {
  const one = await peer();
  one.send({ id: (await one.next((frame) => frame.method === "initialize")).id, result: { protocolVersion: 2, agentCapabilities: {} } });
  expect(await one.link.ready).toMatchObject({ ok: false, problem: { code: "agent-failed" } });
});
