/**
 * The practice model: answers one request of the Messages format from its messages alone. It keeps no state between
 * requests: which instruction is next follows from the tool calls and results that the request already holds.
 */
import { randomBytes } from "node:crypto";
import { readInstructions, type Instruction } from "./instructions.ts";
import { unknownAnswer, finalAnswer, type Done } from "./words.ts";

export type Block = { type: "text"; text: string } | { type: "tool_use"; id: string; name: string; input: { [name: string]: unknown } };
export interface Answer {
  blocks: Block[];
  stop: "end_turn" | "tool_use";
}

interface Piece { type?: unknown; text?: unknown; name?: unknown; input?: unknown; id?: unknown; tool_use_id?: unknown; content?: unknown; is_error?: unknown }
interface Turn { role: "user" | "assistant"; pieces: Piece[] }

const mostFollowed = 200;

/** `messages` as they stand in the request; anything unexpected in them is left out, never guessed. */
export function answer(messages: unknown): Answer {
  const turns = readTurns(messages);
  const from = turns.findLastIndex((turn) => turn.role === "user" && turn.pieces.some((piece) => piece.type === "text"));
  const asked = turns[from]?.pieces.flatMap((piece) => (piece.type === "text" ? [String(piece.text)] : [])).join("\n") ?? "";
  const calls = callsSince(turns.slice(from + 1));
  const first = readInstructions(asked);
  const unknown = first.filter((instruction) => instruction.tool === "unknown");
  if (first.length === 0 || unknown.length > 0) return { blocks: [{ type: "text", text: unknownAnswer(asked, unknown.map((one) => one.text)) }], stop: "end_turn" };
  const steps = unfold(first, calls);
  const plans = calls.filter((call) => call.name === "plan").length;
  const worked = calls.filter((call) => call.name !== "plan");
  const next = steps[worked.length];
  // Shown when the list is known, and once more when all of it is behind us.
  if (first.length > 1 && plans < (next ? 1 : 2)) return use("plan", { entries: entries(steps, worked.length) });
  if (next) return use(next.tool === "follow" ? "read" : next.tool, next.input);
  const done: Done[] = worked.map((call, index) => ({ text: steps[index]?.text ?? "", result: call.result, failed: call.failed }));
  return { blocks: [{ type: "text", text: finalAnswer(asked, done) }], stop: "end_turn" };
}

function use(name: string, input: { [name: string]: unknown }): Answer {
  return { blocks: [{ type: "tool_use", id: `toolu_practice_${randomBytes(9).toString("hex")}`, name, input }], stop: "tool_use" };
}

function entries(steps: readonly Instruction[], done: number): { content: string; status: "pending" | "in_progress" | "completed" }[] {
  return steps.map((one, index) => ({ content: one.text, status: index < done ? "completed" : index === done ? "in_progress" : "pending" }));
}

/** `follow` obeys what the file says: the worst case of a planted instruction, on purpose. */
function unfold(instructions: readonly Instruction[], calls: readonly Call[]): Instruction[] {
  const worked = calls.filter((call) => call.name !== "plan");
  const steps: Instruction[] = [...instructions];
  const followed = new Set<unknown>();
  for (let index = 0; index < steps.length && index < mostFollowed; index++) {
    const call = worked[index];
    const path = steps[index]?.input["path"];
    // A file that follows itself is read again, never obeyed again: the list must end.
    if (steps[index]?.tool !== "follow" || !call || call.failed || followed.has(path)) continue;
    followed.add(path);
    steps.splice(index + 1, 0, ...readInstructions(plainLines(call.result)).filter((one) => one.tool !== "unknown"));
  }
  return steps.slice(0, mostFollowed);
}

/** A file's lines without what often stands before an instruction in a document: bullets, numbers, headings, comment marks. */
function plainLines(text: string): string {
  return text.split("\n").map((line) => line.replace(/^\s*(?:<!--|\/\/|#+|[-*>•]|\d+[.)、])\s*/, "").replace(/\s*-->\s*$/, "")).join("\n");
}

interface Call { name: string; result: string; failed: boolean }

function callsSince(turns: readonly Turn[]): Call[] {
  const pieces = turns.flatMap((turn) => turn.pieces);
  const results = new Map(pieces.filter((piece) => piece.type === "tool_result").map((piece) => [piece.tool_use_id, piece]));
  return pieces.filter((piece) => piece.type === "tool_use").flatMap((piece) => {
    const result = results.get(piece.id);
    return result ? [{ name: String(piece.name), result: textOf(result.content), failed: result.is_error === true }] : [];
  });
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.flatMap((piece: Piece) => (piece?.type === "text" ? [String(piece.text)] : [])).join("\n");
}

function readTurns(messages: unknown): Turn[] {
  if (!Array.isArray(messages)) return [];
  return messages.flatMap((message: { role?: unknown; content?: unknown } | null): Turn[] => {
    if (message?.role !== "user" && message?.role !== "assistant") return [];
    const { content } = message;
    const pieces: Piece[] = typeof content === "string" ? [{ type: "text", text: content }] : Array.isArray(content) ? content.filter((piece) => piece !== null && typeof piece === "object") : [];
    return [{ role: message.role, pieces }];
  });
}
