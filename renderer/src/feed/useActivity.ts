/** The loaded events folded, each once: a push of new events folds only those. Older pages that come in above fold anew. */
import { useMemo, useState } from "react";
import type { FeedEvent } from "../../../protocol/event.ts";
import { markOf, noActivity, reduce, type Activity, type Mark } from "../../../protocol/fold.ts";

function createFold(): (events: readonly FeedEvent[]) => Activity {
  let first: number | undefined;
  let count = 0;
  let activity = noActivity;
  return (events) => {
    const grown = first === events[0]?.seq && count > 0 && events[count - 1]?.seq === activity.last;
    activity = events.slice(grown ? count : 0).reduce(reduce, grown ? activity : noActivity);
    first = events[0]?.seq;
    count = events.length;
    return activity;
  };
}

/** The mark of an event: a claim that nothing observed supports, or an observation that no claim covers. */
export function useMarks(events: readonly FeedEvent[]): (event: FeedEvent) => Mark | undefined {
  const [fold] = useState(createFold);
  return useMemo(() => {
    const turns = new Map(fold(events).turns.map((turn) => [turn.turn, turn]));
    return (event) => {
      const turn = turns.get(event.turn);
      return turn && markOf(event, turn);
    };
  }, [events, fold]);
}
