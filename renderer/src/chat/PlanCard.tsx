/** The agent's plan, its progress with it. */
import { Check, Circle, CircleDot } from "lucide-react";
import type { PlanEntry } from "../../../protocol/conversation.ts";
import { shown } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

export function PlanCard({ entries }: { entries: readonly PlanEntry[] }) {
  const say = useSay();
  const done = entries.filter((entry) => entry.status === "completed").length;
  return (
    <section className="plan" data-testid="plan" aria-label={say("chat.plan")}>
      <header><h3>{say("chat.plan")}</h3><span>{say("chat.planCount", { done, all: entries.length })}</span></header>
      <ol>
        {entries.map((entry, index) => (
          <li key={index} className={entry.status}>
            {entry.status === "completed" ? <Check size={15} aria-hidden /> : entry.status === "in_progress" ? <CircleDot size={15} aria-hidden /> : <Circle size={15} aria-hidden />}
            <span>{shown(entry.content)}</span><span className="unseen">{say(`chat.step.${entry.status}`)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
