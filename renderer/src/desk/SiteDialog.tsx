/** Allows one site for this conversation. */
import { useState } from "react";
import type { Problem } from "../../../protocol/problem.ts";
import { Dialog } from "../frame/Dialog.tsx";
import { useStore } from "../state/useStore.ts";
import { useSay } from "../words/words.ts";

export function SiteDialog({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const act = useStore((store) => store.act);
  const [rule, setRule] = useState("");
  const [problem, setProblem] = useState<Problem | undefined>();
  const allow = async (): Promise<void> => {
    const conversation = await act.ensureConversation();
    if (conversation === undefined) return;
    const added = await act.call("site.add", { conversation, rule: rule.trim() });
    if (!added.ok) return setProblem(added.problem);
    onClose();
    await act.refresh("conversation");
  };
  return (
    <Dialog title={say("desk.siteAdd")} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); void allow(); }}>
        <p className="quiet">{say("desk.siteExplain")}</p>
        <label className="field"><span>{say("desk.siteHost")}</span><input data-testid="site-rule" value={rule} autoFocus spellCheck={false} onChange={(event) => setRule(event.target.value)} /></label>
        {problem && <p className="broke" role="alert">{problem.message} {problem.mend}</p>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>{say("app.cancel")}</button>
          <button type="submit" className="button primary" data-testid="site-confirm" disabled={rule.trim() === ""}>{say("desk.siteAdd")}</button>
        </div>
      </form>
    </Dialog>
  );
}
