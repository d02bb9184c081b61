/** A refused request as a value, and its answer: 403, one line, the same in the body and in `x-bulkhead-reason`. */
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Reason } from "../../protocol/event.ts";
import { visible } from "../base/visible.ts";

/** `failed`: the rule allowed it, the upstream did not answer (502). `refused`: it never left (403). */
export interface Refusal { outcome: "refused" | "failed"; reason: Reason; message: string }

export const refuse = (reason: Reason, message: string): Refusal => ({ outcome: "refused", reason, message });
export const upstreamFailed = (message: string): Refusal => ({ outcome: "failed", reason: "upstream-failed", message });

/** Printable ASCII only: it travels in a header. */
const line = (refusal: Refusal): string => visible(`${refusal.reason}: ${refusal.message}`, 500).replace(/[^\x20-\x7e]/g, "?");
const status = (refusal: Refusal): number => (refusal.outcome === "failed" ? 502 : 403);

export function answerRefused(response: ServerResponse, refusal: Refusal, close: boolean): void {
  if (response.headersSent) return void response.destroy();
  const text = `${line(refusal)}\n`;
  response.writeHead(status(refusal), { "content-type": "text/plain", "content-length": text.length, "x-bulkhead-reason": line(refusal), ...(close ? { connection: "close" } : {}) });
  response.end(text);
}

/** The same on a bare socket (CONNECT, or bytes that were no request), then the end. */
export function answerRefusedRaw(socket: Duplex, refusal: Refusal): void {
  const text = `${line(refusal)}\n`;
  const words = refusal.outcome === "failed" ? "502 Bad Gateway" : "403 Forbidden";
  if (!socket.writable) return void socket.destroy();
  socket.end(`HTTP/1.1 ${words}\r\ncontent-type: text/plain\r\ncontent-length: ${text.length}\r\nx-bulkhead-reason: ${line(refusal)}\r\nconnection: close\r\n\r\n${text}`, "latin1", () => socket.destroy());
}
