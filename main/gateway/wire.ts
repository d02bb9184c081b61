/** The Anthropic Messages wire format: errors, whole answers and the event stream (docs.anthropic.com, Messages and Streaming). */
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Answer, Block } from "./practice/practice.ts";

export interface WireError {
  type: string;
  message: string;
}

export function errorBody(error: WireError): { type: "error"; error: WireError } {
  return { type: "error", error };
}

export function sendError(response: ServerResponse, status: number, error: WireError): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(errorBody(error)));
}

export interface Usage {
  input_tokens: number;
  output_tokens: number;
}

export function sendAnswer(response: ServerResponse, answer: Answer, options: { model: string; stream: boolean; usage: Usage }): void {
  const message = { id: `msg_practice_${randomBytes(9).toString("hex")}`, type: "message", role: "assistant", model: options.model, stop_sequence: null };
  if (!options.stream) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...message, content: answer.blocks, stop_reason: answer.stop, usage: options.usage }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const send = (type: string, body: object): void => void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`);
  send("message_start", { message: { ...message, content: [], stop_reason: null, usage: { ...options.usage, output_tokens: 1 } } });
  answer.blocks.forEach((block, index) => sendBlock(send, block, index));
  send("message_delta", { delta: { stop_reason: answer.stop, stop_sequence: null }, usage: { output_tokens: options.usage.output_tokens } });
  send("message_stop", {});
  response.end();
}

function sendBlock(send: (type: string, body: object) => void, block: Block, index: number): void {
  const empty = block.type === "text" ? { type: "text", text: "" } : { ...block, input: {} };
  send("content_block_start", { index, content_block: empty });
  if (block.type === "text") {
    // In pieces, as a real model streams: by words, so that no character is cut.
    for (const text of block.text.match(/.{1,60}(?:\s|$)|.{1,60}/gsu) ?? []) send("content_block_delta", { index, delta: { type: "text_delta", text } });
  } else {
    send("content_block_delta", { index, delta: { type: "input_json_delta", partial_json: JSON.stringify(block.input) } });
  }
  send("content_block_stop", { index });
}
