/** What can be done with a turn that runs: hold it, let it go on, stop it. A limit that holds it asks here. */
import { Pause, Play, Square } from "lucide-react";
import { useSay } from "../words/words.ts";
import { usePause } from "./usePause.ts";
import { useStopTurn } from "./useStop.ts";

export function Running() {
  const say = useSay();
  const stop = useStopTurn();
  const { held, byLimit, pause, resume } = usePause();
  return (
    <>
      {byLimit !== undefined && <p className="held" role="alert" data-testid="held">{say("chat.held", { limit: say(`limits.${byLimit}`) })}</p>}
      <button type="button" className="hold" data-testid={held ? "resume" : "pause"} onClick={() => void (held ? resume() : pause())}>
        {held ? <Play size={13} aria-hidden /> : <Pause size={13} aria-hidden />}{say(held ? "chat.resume" : "chat.pause")}
      </button>
      <button type="button" className="stop" data-testid="stop" title={say("chat.stopHint")} onClick={() => void stop()}><Square size={12} fill="currentColor" aria-hidden />{say("chat.stop")}</button>
    </>
  );
}
