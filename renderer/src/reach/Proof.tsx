/** «Prove it now»: the host's live probes for this desk, each line with what was tried, what inside and what outside found. */
import { ShieldCheck, ShieldX, TestTubeDiagonal } from "lucide-react";
import { useState } from "react";
import type { Proof as Report, ProofLine } from "../../../protocol/proof.ts";
import { useStore } from "../state/useStore.ts";
import { shown } from "../words/shown.ts";
import { languageNow, useSay } from "../words/words.ts";

export function Proof() {
  const say = useSay();
  const act = useStore((store) => store.act);
  const conversation = useStore((store) => store.open?.conversation.id);
  const [proved, setProved] = useState<{ conversation: string | undefined; report: Report } | undefined>();
  const [busy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    const report = await act.ask("prove", conversation ? { conversation } : {});
    setProved(report && { conversation, report });
    setBusy(false);
  };
  // Another conversation has another desk: a proof of one says nothing of the other.
  const report = proved?.conversation === conversation ? proved?.report : undefined;
  return (
    <>
      <p className="quiet proof">{say("proof.explain")}</p>
      {report && (
        <div role="status">
          <p><strong>{say(report.summary.ok ? "proof.ok" : "proof.bad", { held: report.summary.held, all: report.lines.length })}</strong> <span className="quiet">{say("proof.date", { date: new Date(report.date).toLocaleString(languageNow()) })}</span></p>
          <ul className="tests">{report.lines.map((line) => <ProvedLine key={line.id} line={line} />)}</ul>
        </div>
      )}
      <button type="button" className="button" disabled={busy} onClick={() => void run()}>{busy ? say("proof.busy") : <><TestTubeDiagonal size={14} aria-hidden />{say("proof.button")}</>}</button>
    </>
  );
}

function ProvedLine({ line }: { line: ProofLine }) {
  const say = useSay();
  return (
    <li>
      {line.ok ? <ShieldCheck size={15} className="good" aria-hidden /> : <ShieldX size={15} aria-hidden />}
      <div>
        <strong>{say(`proof.line.${line.id}`)}</strong> <span className="quiet">{say(`proof.${line.verdict}`)}</span>
        <p className="quiet">{say("proof.tried", { text: shown(line.tried, 400) })}</p>
        <p className="quiet">{say("proof.inside", { text: shown(line.inside, 400) })}</p>
        <p className="quiet">{say("proof.control", { text: shown(line.control, 400) })}</p>
      </div>
    </li>
  );
}
