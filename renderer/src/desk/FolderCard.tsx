/** One card of facts and two choices. A refusal explains itself here, before anything is granted. */
import { Folder, KeyRound, ShieldCheck } from "lucide-react";
import { useEffect, useState } from "react";
import type { FolderFacts } from "../../../protocol/api.ts";
import type { Access, Lasting } from "../../../protocol/grant.ts";
import type { Problem } from "../../../protocol/problem.ts";
import { useStore } from "../state/useStore.ts";
import { countOf, nameOf, shown, sizeOf } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

export function FolderCard({ path, onClose, onAnother }: { path: string; onClose: () => void; onAnother: () => void }) {
  const say = useSay();
  const act = useStore((store) => store.act);
  const [facts, setFacts] = useState<FolderFacts | undefined>();
  const [problem, setProblem] = useState<Problem | undefined>();
  const [access, setAccess] = useState<Access>("read");
  const [lasting, setLasting] = useState<Lasting>("conversation");
  useEffect(() => {
    void act.call("folder.facts", { path }).then((answer) => {
      if (answer.ok) setFacts(answer.value);
      setProblem(answer.ok ? answer.value.problem : answer.problem);
    });
  }, [act, path]);
  const grant = async (): Promise<void> => {
    const conversation = await act.ensureConversation();
    if (conversation === undefined) return;
    const given = await act.call("grant.give", { conversation, path, access, lasting });
    if (!given.ok) return setProblem(given.problem);
    onClose();
    await act.refresh("conversation");
    document.getElementById("composer")?.focus();
  };
  return (
    <form onSubmit={(event) => { event.preventDefault(); void grant(); }}>
      <FactsHead path={path} facts={facts} />
      {problem ? <div className="refusal" role="alert"><strong>{say("folder.refused")}</strong><p>{problem.message} {problem.mend}</p></div> : (
        <>
          <fieldset className="choices">
            <legend>{say("folder.access")}</legend>
            <Choice testId="access-read" name="access" chosen={access === "read"} onChoose={() => setAccess("read")} title={say("folder.readTitle")} text={say("folder.readText")} />
            <Choice testId="access-edit" name="access" chosen={access === "edit"} onChoose={() => setAccess("edit")} title={say("folder.editTitle")} text={say("folder.editText")} />
          </fieldset>
          <fieldset className="choices small">
            <legend>{say("folder.lasting")}</legend>
            <Choice testId="lasting-conversation" name="lasting" chosen={lasting === "conversation"} onChoose={() => setLasting("conversation")} title={say("folder.here")} text={say("folder.hereText")} />
            <Choice testId="lasting-always" name="lasting" chosen={lasting === "always"} onChoose={() => setLasting("always")} title={say("folder.always")} text={say("folder.alwaysText")} />
          </fieldset>
        </>
      )}
      <div className="dialog-actions">
        <button type="button" className="button start" onClick={onAnother}>{say("folder.another")}</button>
        <button type="button" className="button" onClick={onClose}>{say("app.cancel")}</button>
        {!problem && <button type="submit" className="button primary" data-testid="grant-confirm">{say("folder.grant")}</button>}
      </div>
    </form>
  );
}

function FactsHead({ path, facts }: { path: string; facts: FolderFacts | undefined }) {
  const say = useSay();
  const counts = facts && say("folder.facts", { files: countOf(facts.files), size: sizeOf(facts.bytes) });
  return (
    <div className="facts">
      <Folder size={22} aria-hidden />
      <div>
        <strong>{shown(nameOf(path), 80)}</strong>
        <p className="quiet">{shown(path, 160)}</p>
        <p className="quiet">{facts ? (facts.counted ? counts : say("folder.factsMore", { files: countOf(facts.files) })) : say("folder.looking")}</p>
        {facts && !facts.problem && (facts.sensitive.length > 0
          ? <p className="sensitive"><KeyRound size={14} aria-hidden /><span><strong>{say("folder.sensitive")}:</strong> {facts.sensitive.map((name) => shown(name, 40)).join(", ")}. {say("folder.sensitiveMore")}</span></p>
          : <p className="quiet lined"><ShieldCheck size={14} aria-hidden />{say("folder.noSensitive")}</p>)}
      </div>
    </div>
  );
}

function Choice(o: { testId: string; name: string; chosen: boolean; onChoose: () => void; title: string; text?: string }) {
  return (
    <label className={o.chosen ? "choice chosen" : "choice"} data-testid={o.testId}>
      <input type="radio" name={o.name} checked={o.chosen} onChange={o.onChoose} />
      <span><strong>{o.title}</strong>{o.text && <span className="quiet">{o.text}</span>}</span>
    </label>
  );
}
