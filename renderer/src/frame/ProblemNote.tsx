/** One problem at a time: what happened and what to do, in the host's words. */
import { X } from "lucide-react";
import { useStore } from "../state/useStore.ts";
import { useSay } from "../words/words.ts";

export function ProblemNote() {
  const say = useSay();
  const problem = useStore((store) => store.problem);
  const set = useStore((store) => store.act.set);
  if (!problem) return null;
  return (
    <div className="note" role="alert" data-testid="problem">
      <div>
        <strong>{say("problem.title")}</strong>
        <p>{problem.message} {problem.mend}</p>
      </div>
      <button type="button" className="icon-button" aria-label={say("app.dismiss")} onClick={() => set({ problem: undefined })}><X size={16} /></button>
    </div>
  );
}
