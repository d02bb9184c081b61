/** One message with its parts in the order in which they came. */
import { memo } from "react";
import type { Message, Part } from "../../../protocol/conversation.ts";
import { useSay } from "../words/words.ts";
import { shown } from "../words/shown.ts";
import { Markdown } from "./Markdown.tsx";
import { PlanCard } from "./PlanCard.tsx";
import { StepView } from "./StepView.tsx";

export const MessageView = memo(function MessageView({ message }: { message: Message }) {
  const say = useSay();
  if (message.role === "person") {
    return (
      <article className="message person" data-testid="message-person" aria-label={say("chat.you")}>
        {message.parts.map((part, index) => (part.type === "text" ? <p key={index}>{part.text}</p> : null))}
      </article>
    );
  }
  const working = message.ended === undefined;
  return (
    <article className="message agent" data-testid="message-agent" aria-label={say("chat.agent")}>
      {grouped(message.parts).map((group, index) => group.type === "steps"
        ? <div className="steps" key={index} role="group" aria-label={say("chat.claim")}>{group.steps.map((step) => <StepView key={step.id} step={step} />)}</div>
        : group.type === "plan" ? <PlanCard key={index} entries={group.entries} /> : <Markdown key={index} text={group.text} />)}
      {working && <p className="working" role="status"><span className="pulse" aria-hidden />{say("chat.thinking")}</p>}
      {message.ended === "cancelled" && <p className="quiet">{say("chat.cancelled")}</p>}
      {message.ended === "failed" && <p className="broke"><strong>{say("chat.failed")}</strong> {shown(message.problem ?? "", 1000)}</p>}
    </article>
  );
});

type Grouped = Exclude<Part, { type: "step" }> | { type: "steps"; steps: Extract<Part, { type: "step" }>["step"][] };

/** Steps that follow one another stand together in one list. */
function grouped(parts: readonly Part[]): Grouped[] {
  const groups: Grouped[] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (part.type !== "step") groups.push(part);
    else if (last?.type === "steps") last.steps.push(part.step);
    else groups.push({ type: "steps", steps: [part.step] });
  }
  return groups;
}
