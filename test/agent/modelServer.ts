/** A real HTTP server that speaks the Anthropic Messages wire format, answering from a list of scripted replies. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type Reply =
  | { say: string }
  | { call: string; input: object }
  | { fail: number; body: object }
  | { hang: string };

export interface ModelServer {
  url: string;
  requests: { model: string; messages: { role: string; content: unknown }[]; tools: { name: string }[]; system: unknown }[];
  close(): void;
}

export async function startModel(replies: Reply[]): Promise<ModelServer> {
  const requests: ModelServer["requests"] = [];
  const server = createServer(async (request, response) => {
    requests.push(JSON.parse(await text(request)) as ModelServer["requests"][number]);
    answer(response, replies.shift() ?? { say: "Nothing more." }, requests.length);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests, close: () => { server.closeAllConnections(); server.close(); } };
}

function answer(response: ServerResponse, reply: Reply, count: number): void {
  if ("fail" in reply) {
    response.writeHead(reply.fail, { "content-type": "application/json" }).end(JSON.stringify(reply.body));
    return;
  }
  const send = (type: string, fields: object): void => void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream" });
  send("message_start", { message: { id: `msg_${count}`, type: "message", role: "assistant", model: "practice", content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 5, output_tokens: 1 } } });
  if ("call" in reply) {
    send("content_block_start", { index: 0, content_block: { type: "tool_use", id: `toolu_${count}`, name: reply.call, input: {} } });
    send("content_block_delta", { index: 0, delta: { type: "input_json_delta", partial_json: JSON.stringify(reply.input) } });
  } else {
    send("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
    send("content_block_delta", { index: 0, delta: { type: "text_delta", text: "say" in reply ? reply.say : reply.hang } });
  }
  if ("hang" in reply) return;
  send("content_block_stop", { index: 0 });
  send("message_delta", { delta: { stop_reason: "call" in reply ? "tool_use" : "end_turn", stop_sequence: null }, usage: { output_tokens: 9 } });
  send("message_stop", {});
  response.end();
}
