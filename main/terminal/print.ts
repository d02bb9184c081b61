/** Events and changes as lines for a person. What comes from outside is made visible, never interpreted. */
import type { StagedChange } from "../../protocol/change.ts";
import type { FeedEvent } from "../../protocol/event.ts";
import { visible } from "../base/visible.ts";

export function eventLine(event: FeedEvent): string {
  const mark = event.evidence === "observed" ? "●" : "○";
  const outcome = event.outcome === "refused" || event.outcome === "failed" ? ` ✕ ${event.outcome}${event.reason ? ` (${event.reason})` : ""}` : "";
  return `${event.at.slice(11, 19)} ${mark} ${event.kind}${outcome} ${visible(summary(event), 160)}`.trimEnd();
}

function summary(event: FeedEvent): string {
  switch (event.kind) {
    case "network.requested": return `${event.detail.method ?? ""} ${event.detail.host}:${event.detail.port} ${event.detail.bytesOut} bytes out, ${event.detail.bytesIn} in`.trim();
    case "file.staged": return `${event.detail.change} ${event.detail.path}`;
    case "tool.called": return `${event.detail.tool}: ${event.detail.summary} (${event.detail.status})`;
    case "model.called": return `${event.detail.provider}/${event.detail.model} ${event.detail.inputTokens} in, ${event.detail.outputTokens} out`;
    case "turn.started": return "";
    default: return Object.values(event.detail).join(" ");
  }
}

export function changeLine(change: StagedChange): string {
  const from = change.from ? ` (from ${visible(change.from, 400)})` : "";
  const guarded = change.protectedBy ? `  [protected: ${change.protectedBy}; never applied]` : change.runs ? "  [runs on your machine: look first]" : "";
  return `${change.change.padEnd(8)} ${visible(change.path, 1000)}${from}  ${change.bytes} bytes${guarded}`;
}
