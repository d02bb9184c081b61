/**
 * What the broker saw, into the feed. One `network.requested` per request, when it is over and its bytes are known.
 * A request that cannot be recorded must not be served: after the first failure `broken` stays true and the broker refuses everything.
 */
import type { EventDraft, Reason, Record as RecordEvent } from "../../protocol/event.ts";
import { visible } from "../base/visible.ts";

export interface Seen {
  host: string;
  port: number;
  method?: string;
  path?: string;
  bytesOut: number;
  bytesIn: number;
  rule?: string;
}

export interface Recorder {
  network(outcome: "allowed" | "refused" | "failed", seen: Seen, reason?: Reason): void;
  /** False where it could not be recorded: the secret must not go then. */
  secretUsed(name: string, host: string): boolean;
  broken(): boolean;
}

export function createRecorder(options: { conversation: string; turn(): string | undefined; record: RecordEvent; onBroken(): void }): Recorder {
  let broken = false;
  const write = (draft: Pick<EventDraft, "kind" | "detail" | "outcome"> & { reason?: Reason }): boolean => {
    try {
      const turn = options.turn();
      options.record({ conversation: options.conversation, ...(turn === undefined ? {} : { turn }), actor: "agent", evidence: "observed", ...draft } as EventDraft);
      return true;
    } catch {
      // The cause is the feed's to log; here only the consequence matters.
      if (!broken) {
        broken = true;
        options.onBroken();
      }
      return false;
    }
  };
  return {
    broken: () => broken,
    network(outcome, seen, reason) {
      const { path, method, ...rest } = seen;
      write({
        kind: "network.requested", outcome, ...(reason === undefined ? {} : { reason }),
        detail: { ...rest, ...(method === undefined ? {} : { method }), ...(path === undefined ? {} : { path: visible(path, 2000) }) },
      });
    },
    secretUsed: (name, host) => write({ kind: "secret.used", outcome: "allowed", detail: { name, host } }),
  };
}
