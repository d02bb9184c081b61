/** One step: folded to a line with the first words of what it returned. What did not work stands open. */
import { Check, ChevronRight, LoaderCircle, Minus } from "lucide-react";
import type { Step } from "../../../protocol/conversation.ts";
import { shown } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

export function StepView({ step }: { step: Step }) {
  const say = useSay();
  const output = step.output ?? "";
  const first = output.split("\n").find((line) => line.trim() !== "") ?? "";
  const Mark = step.status === "completed" ? Check : step.status === "failed" ? Minus : LoaderCircle;
  return (
    <details className={`step ${step.status}`} data-testid="step" open={step.status === "failed"}>
      <summary>
        <Mark size={14} aria-hidden className="step-mark" />
        <span className="step-title">{shown(step.title, 160)}</span>
        {step.status === "failed" ? <span className="step-word">{say("chat.step.failed")}</span> : <span className="step-first">{shown(first, 120)}</span>}
        <span className="unseen">{say(`chat.step.${step.status}`)}</span>
        <ChevronRight size={14} aria-hidden className="fold" />
      </summary>
      <pre>{output === "" ? say("chat.noOutput") : output.split("\n").map((line) => shown(line, 4000)).join("\n")}</pre>
    </details>
  );
}
