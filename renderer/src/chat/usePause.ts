/** Whether the running agent is held: by the person, or by a limit that waits for a decision. */
import { useState } from "react";
import type { FeedEvent, LimitName } from "../../../protocol/event.ts";
import { useStore } from "../state/useStore.ts";

interface Pause { held: boolean; byLimit: LimitName | undefined; pause(): Promise<void>; resume(): Promise<void> }

/** A limit that waits, the answer to it, or an agent that started anew: the last of these says whether a limit holds it. */
const decides = (event: FeedEvent): boolean =>
  event.kind === "sandbox.started" || (event.kind === "sandbox.limit" && event.detail.action === "frozen") || (event.kind === "approval.answered" && event.detail.id.startsWith("limit:"));

export function usePause(): Pause {
  const act = useStore((store) => store.act);
  const id = useStore((store) => store.open?.conversation.id);
  const running = useStore((store) => store.open?.running ?? false);
  const last = useStore((store) => store.events.findLast(decides));
  const [paused, setPaused] = useState<string>();
  const frozen = running && last?.kind === "sandbox.limit";
  return {
    held: running && (frozen || (paused !== undefined && paused === id)),
    byLimit: frozen ? last.detail.limit : undefined,
    async pause() {
      if (id !== undefined && (await act.ask("turn.pause", { conversation: id }))) setPaused(id);
    },
    async resume() {
      if (id !== undefined && (await act.ask("turn.resume", { conversation: id }))) setPaused(undefined);
    },
  };
}
