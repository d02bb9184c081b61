/** How a turn ends: its message, its event, and what it left staged. */
import type { StagedChange } from "../../protocol/change.ts";
import type { Message } from "../../protocol/conversation.ts";
import type { EventDraft, LimitHit, Reason, Record } from "../../protocol/event.ts";
import type { Outcome, Problem, ProblemCode } from "../../protocol/problem.ts";

export type End = Problem | "settled" | "cancelled";

export interface EndingDeps {
  record: Record;
  staged(conversation: string): Promise<Outcome<StagedChange[]>>;
  log(message: string, cause?: unknown): void;
}

export function ended(unfinished: Message, end: End): Message {
  const message = { ...unfinished, parts: unfinished.parts.map((part) => (part.type === "step" && part.step.status !== "completed" ? { ...part, step: { ...part.step, status: "failed" as const } } : part)) };
  if (end === "settled" || end === "cancelled") return { ...message, ended: end };
  return { ...message, ended: "failed", problem: end.mend ? `${end.message} ${end.mend}` : end.message };
}

const reasons: { [code in ProblemCode]?: Reason } = { "no-containment": "no-containment", "model-failed": "model-failed", "limit-reached": "limit" };

export function settledEvent(at: { conversation: string; turn: string }, end: End, message: Message): EventDraft {
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const base = { kind: "turn.settled", ...at, actor: "host", evidence: "observed", detail: { text: message.problem ?? text } } as const;
  if (end === "settled") return { ...base, outcome: "done" };
  if (end === "cancelled") return { ...base, outcome: "failed", reason: "stopped-by-person" };
  return { ...base, outcome: "failed", reason: reasons[end.code] ?? "agent-crashed" };
}

/** A limit that was reached, as the one event that tells it. */
export function limitEvent(at: { conversation: string; turn?: string }, hit: LimitHit): EventDraft {
  const outcome = hit.action === "ended" ? "failed" : hit.action === "frozen" ? "asked" : "refused";
  return { kind: "sandbox.limit", ...at, actor: "host", evidence: "observed", outcome, reason: hit.limit === "wall-time" ? "time-was-up" : hit.limit === "disk-free" ? "disk-full" : "limit", detail: hit };
}

export async function knownChanges(deps: EndingDeps, id: string): Promise<Set<string>> {
  const listed = await deps.staged(id);
  return new Set(listed.ok ? listed.value.map(changeKey) : []);
}

export async function recordStaged(deps: EndingDeps, at: { conversation: string; turn: string }, before: Set<string>): Promise<void> {
  const listed = await deps.staged(at.conversation);
  if (!listed.ok) return deps.log(`staged changes cannot be listed: ${listed.problem.message}`);
  for (const change of listed.value) {
    if (before.has(changeKey(change))) continue;
    deps.record({
      kind: "file.staged", ...at, actor: "agent", evidence: "observed", outcome: "done",
      detail: { path: change.path, ...(change.from ? { from: change.from } : {}), change: change.change, bytes: change.bytes },
    });
  }
}

const changeKey = (change: StagedChange): string => JSON.stringify([change.path, change.change, change.bytes]);
