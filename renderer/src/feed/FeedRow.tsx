/** One event: solid mark where Bulkhead saw it, outlined where the agent says so; a refusal is a calm line with its reason. */
import { memo } from "react";
import type { FeedEvent } from "../../../protocol/event.ts";
import type { Mark } from "../../../protocol/fold.ts";
import { timeOf } from "../words/shown.ts";
import { useSay } from "../words/words.ts";
import { describe } from "./describe.ts";

export const rowHeight = 48;

interface RowProps {
  event: FeedEvent;
  /** Set where claim and observation do not meet. */
  mark: Mark | undefined;
  top: number;
  chosen: boolean;
  onChoose: (event: FeedEvent) => void;
}

export const FeedRow = memo(function FeedRow({ event, mark, top, chosen, onChoose }: RowProps) {
  const say = useSay();
  const odd = event.outcome === "refused" || event.outcome === "failed" || event.outcome === "asked" ? event.outcome : undefined;
  return (
    <div className="feed-place" role="listitem" style={{ transform: `translateY(${top}px)` }}>
      <button type="button" className={`feed-row ${odd ?? ""}`} data-testid="feed-row" aria-pressed={chosen} onClick={() => onChoose(event)}>
        <i className={`mark ${event.evidence}`} aria-hidden />
        <span className="feed-text">{describe(event, say)}</span>
        {odd && <span className="feed-odd">{say(`feed.outcome.${odd}`)}</span>}
        <span className="feed-more">{timeOf(event.at)} · {say(mark ? `feed.${mark}` : `feed.${event.evidence}`)}{event.reason && ` · ${say(`reason.${event.reason}`)}`}</span>
      </button>
    </div>
  );
});
