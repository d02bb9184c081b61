/** Esc twice within a second stops; the first says so. */
import { useEffect, useState } from "react";
import { useStore } from "../state/useStore.ts";

export function useStopTurn(): () => Promise<void> {
  const act = useStore((store) => store.act);
  const id = useStore((store) => store.open?.conversation.id);
  return async () => {
    if (id === undefined) return;
    const stopped = await act.ask("turn.stop", { conversation: id });
    await act.refresh("messages");
    if (stopped) act.set({ stoppedIn: Math.round(stopped.ms) });
  };
}

export function useStop(): void {
  const running = useStore((store) => store.open?.running ?? false);
  const stop = useStopTurn();
  const [armed, setArmed] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const press = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
      if (event.timeStamp - armed < 1000) void stop();
      setArmed(event.timeStamp);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [running, stop, armed]);
}
