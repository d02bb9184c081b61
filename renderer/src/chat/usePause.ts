/** Whether the running agent is held: by the person, or by a limit that waits for a decision. `askedAfter` is the limit's event. */
import { useState } from "react";
import type { LimitName } from "../../../protocol/event.ts";
import { useStore } from "../state/useStore.ts";

interface Pause { held: boolean; byLimit: LimitName | undefined; pause(): Promise<void>; resume(): Promise<void> }

export function usePause(): Pause {
  const act = useStore((store) => store.act);
  const id = useStore((store) => store.open?.conversation.id);
  const running = useStore((store) => store.open?.running ?? false);
  const limit = useStore((store) => store.events.findLast((event) => event.kind === "sandbox.limit" || event.kind === "sandbox.started"));
  const [paused, setPaused] = useState<string>();
  const [answered, setAnswered] = useState<number>();
  const frozen = running && limit?.kind === "sandbox.limit" && limit.detail.action === "frozen" && answered !== limit.seq;
  return {
    held: running && (frozen || (paused !== undefined && paused === id)),
    byLimit: frozen ? limit.detail.limit : undefined,
    async pause() {
      if (id !== undefined && (await act.ask("turn.pause", { conversation: id }))) setPaused(id);
    },
    async resume() {
      if (id === undefined || !(await act.ask("turn.resume", { conversation: id }))) return;
      setPaused(undefined);
      setAnswered(limit?.seq);
    },
  };
}
