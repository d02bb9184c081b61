/** Events as text for other programs: JSON Lines as stored, CSV by RFC 4180. */
import type { FeedEvent } from "../../protocol/event.ts";

export const csvHead = "conversation,seq,at,kind,actor,evidence,outcome,reason,turn,detail,hash";

export function toCsvLine(event: FeedEvent): string {
  const { conversation, seq, at, kind, actor, evidence, outcome, reason, turn, detail, hash } = event;
  return [conversation, seq, at, kind, actor, evidence, outcome, reason ?? "", turn ?? "", JSON.stringify(detail), hash].map(cell).join(",");
}

function cell(value: string | number): string {
  const text = String(value);
  // A spreadsheet takes a leading =, +, - or @ for a formula: text from the agent must stay text.
  const inert = /^[=+\-@\t\r]/.test(text) && typeof value === "string" ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
