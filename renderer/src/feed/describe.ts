/** An event in a sentence for people. Pure; strings from outside are made visible. */
import type { FeedEvent } from "../../../protocol/event.ts";
import { countOf, nameOf, shown, sizeOf } from "../words/shown.ts";
import type { Say } from "../words/words.ts";

export type Filter = "all" | "files" | "network" | "agent" | "refused";

export function describe(event: FeedEvent, say: Say): string {
  const key = `events.${event.kind}` as const;
  switch (event.kind) {
    case "message.sent": return say(key, { text: shown(event.detail.text, 120) });
    case "sandbox.started": return say(key, { backend: event.detail.backend, ms: Math.round(event.detail.ms) });
    case "sandbox.limit": {
      const { limit, used, allowed, unit, action } = event.detail;
      const amount = unit === "bytes" ? sizeOf : countOf;
      return say(key, { limit: say(`limits.${limit}`), used: amount(used), allowed: amount(allowed), action: say(`limits.${action}`) });
    }
    case "sandbox.refused": return say(key, { message: shown(event.detail.message, 160) });
    case "process.started":
    case "process.ended": return say(key, { command: shown(event.detail.command, 120) });
    case "file.staged": return say(key, { change: say(`changes.${event.detail.change}`), path: shown(nameOf(event.detail.path), 120) });
    case "change.applied":
    case "change.discarded": return say(key, { path: shown(nameOf(event.detail.path), 120) });
    case "tool.called": return say(key, { tool: shown(event.detail.tool, 40), summary: shown(event.detail.summary, 160) });
    case "model.called": return say(key, { model: shown(event.detail.model, 60), tokens: countOf(event.detail.inputTokens + event.detail.outputTokens) });
    case "network.requested": return say(key, { method: shown(event.detail.method ?? "", 12), host: shown(`${event.detail.host}${event.detail.port === 443 || event.detail.port === 80 ? "" : `:${event.detail.port}`}`, 120) }).trim();
    case "secret.used": return say(key, { name: event.detail.name, host: shown(event.detail.host, 80) });
    case "grant.given":
    case "grant.refused":
    case "grant.revoked": return say(key, { path: shown(nameOf(event.detail.path), 120) });
    case "approval.asked": return say(key, { question: shown(event.detail.question, 160) });
    case "approval.answered": return say(key, { answer: shown(event.detail.answer, 120) });
    case "feed.damaged": return say(key, { message: shown(event.detail.message, 160) });
    default: return say(key);
  }
}

export function fits(event: FeedEvent, filter: Filter): boolean {
  switch (filter) {
    case "all": return true;
    case "files": return event.kind === "file.staged" || event.kind.startsWith("change.") || event.kind.startsWith("grant.");
    case "network": return event.kind === "network.requested" || event.kind === "secret.used" || event.kind === "model.called";
    case "agent": return event.kind === "tool.called" || event.kind.startsWith("process.");
    case "refused": return event.outcome === "refused" || event.outcome === "failed";
  }
}
