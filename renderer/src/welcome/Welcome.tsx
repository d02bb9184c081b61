/** First start, three steps: what this is, which model, what it may work on. The practice model is chosen beforehand. */
import { Eye, Hand, ShieldCheck, Undo2 } from "lucide-react";
import { useState } from "react";
import { SelfTests } from "../reach/Reach.tsx";
import { KeyForm } from "../settings/KeyForm.tsx";
import { useStore } from "../state/useStore.ts";
import { useSay } from "../words/words.ts";

export function Welcome() {
  const say = useSay();
  const act = useStore((store) => store.act);
  const [step, setStep] = useState(1);
  const [model, setModel] = useState("practice");
  const next = async (): Promise<void> => {
    if (step < 3) return setStep(step + 1);
    const settings = await act.ask("settings.set", { model, welcomed: true });
    if (settings) act.set({ settings, page: "conversation" });
  };
  return (
    <main className="welcome">
      <div className="welcome-card">
        <div className="welcome-steps" aria-label={say("welcome.step", { now: step })} role="img">{[1, 2, 3].map((one) => <i key={one} className={one <= step ? "reached" : ""} />)}</div>
        {step === 1 ? <Promises /> : step === 2 ? <ModelStep model={model} onChoose={setModel} /> : <FolderStep />}
        <div className="dialog-actions">
          {step > 1 && <button type="button" className="button start" onClick={() => setStep(step - 1)}>{say("app.back")}</button>}
          <button type="button" className="button primary large" data-testid="welcome-next" autoFocus onClick={() => void next()}>{say(step === 3 ? "welcome.start" : "welcome.next")}</button>
        </div>
      </div>
    </main>
  );
}

function Promises() {
  const say = useSay();
  return (
    <>
      <h1><ShieldCheck size={30} aria-hidden />{say("welcome.title1")}</h1>
      <p className="lead">{say("welcome.text1")}</p>
      <ul className="promises">
        <li><Hand size={20} aria-hidden /><div><strong>{say("welcome.point1")}</strong><p>{say("welcome.point1More")}</p></div></li>
        <li><Eye size={20} aria-hidden /><div><strong>{say("welcome.point2")}</strong><p>{say("welcome.point2More")}</p></div></li>
        <li><Undo2 size={20} aria-hidden /><div><strong>{say("welcome.point3")}</strong><p>{say("welcome.point3More")}</p></div></li>
      </ul>
    </>
  );
}

function ModelStep({ model, onChoose }: { model: string; onChoose: (model: string) => void }) {
  const say = useSay();
  const practice = model === "practice";
  return (
    <>
      <h1>{say("welcome.title2")}</h1>
      <p className="lead">{say("welcome.text2")}</p>
      <fieldset className="choices stacked">
        <legend className="unseen">{say("welcome.title2")}</legend>
        <label className={practice ? "choice chosen" : "choice"}><input type="radio" name="model" checked={practice} onChange={() => onChoose("practice")} /><span><strong>{say("welcome.practice")}</strong><span className="quiet">{say("welcome.practiceMore")}</span></span></label>
        <label className={practice ? "choice" : "choice chosen"}><input type="radio" name="model" checked={!practice} onChange={() => onChoose("anthropic/claude-sonnet-4-5")} /><span><strong>Anthropic</strong><span className="quiet">{say("welcome.anthropicMore")}</span></span></label>
      </fieldset>
      {!practice && <KeyForm />}
    </>
  );
}

function FolderStep() {
  const say = useSay();
  return (
    <>
      <h1>{say("welcome.title3")}</h1>
      <p className="lead">{say("welcome.text3")}</p>
      <section className="welcome-checks"><h2>{say("welcome.checks")}</h2><SelfTests atOnce /></section>
    </>
  );
}
