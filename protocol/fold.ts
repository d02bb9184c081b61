/**
 * The feed folded into what a person looks at: turns, counts, and the two marks. The host and the page use this one fold; it calls
 * no clock and keeps no event, so a million events fold into as many small turns as there were turns.
 */
import type { EventKind, FeedEvent } from "./event.ts";

export interface TurnActivity {
  /** Absent for what happened outside a turn. */
  turn: string | undefined;
  /** Sequence numbers of its first and newest event. */
  first: number;
  last: number;
  startedAt: string;
  /** How it ended; absent while it runs. */
  ended?: FeedEvent["outcome"];
  /** Observed events by kind. */
  observed: Partial<{ [K in EventKind]: number }>;
  /** Completed claims by tool. */
  claimed: { readonly [tool: string]: number };
  refused: number;
}

export interface Activity {
  /** In the order in which they began. */
  turns: readonly TurnActivity[];
  events: number;
  observed: number;
  claimed: number;
  refused: number;
  /** The newest folded event of the conversation; an event at or before it is not folded twice. */
  last: number;
}

export const noActivity: Activity = { turns: [], events: 0, observed: 0, claimed: 0, refused: 0, last: 0 };

/** Folds one event of one conversation's chain. Events come in the order of `seq`. */
export function reduce(state: Activity, event: FeedEvent): Activity {
  if (event.seq <= state.last) return state;
  const refused = event.outcome === "refused" ? 1 : 0;
  return {
    turns: intoTurns(state.turns, event),
    events: state.events + 1,
    observed: state.observed + (event.evidence === "observed" ? 1 : 0),
    claimed: state.claimed + (event.evidence === "claimed" ? 1 : 0),
    refused: state.refused + refused,
    last: event.seq,
  };
}

function intoTurns(turns: readonly TurnActivity[], event: FeedEvent): readonly TurnActivity[] {
  // A turn's events come together, but for stragglers (a process that ends late): the search from the end is short.
  const at = event.turn === undefined && turns.at(-1)?.turn !== undefined ? -1 : turns.findLastIndex((one) => one.turn === event.turn);
  const old = turns[at];
  if (!old) return [...turns, intoTurn({ turn: event.turn, first: event.seq, last: event.seq, startedAt: event.at, observed: {}, claimed: {}, refused: 0 }, event)];
  return turns.with(at, intoTurn(old, event));
}

function intoTurn(turn: TurnActivity, event: FeedEvent): TurnActivity {
  const next: TurnActivity = { ...turn, last: event.seq, refused: turn.refused + (event.outcome === "refused" ? 1 : 0) };
  if (event.evidence === "observed") next.observed = { ...turn.observed, [event.kind]: (turn.observed[event.kind] ?? 0) + 1 };
  if (isDoneClaim(event)) next.claimed = { ...turn.claimed, [event.detail.tool]: claims(turn, event.detail.tool) + 1 };
  return event.kind === "turn.settled" ? { ...next, ended: event.outcome } : next;
}

type Claim = Extract<FeedEvent, { kind: "tool.called" }>;
const isDoneClaim = (event: FeedEvent): event is Claim => event.kind === "tool.called" && event.evidence === "claimed" && event.detail.status === "completed";
const claims = (turn: TurnActivity, tool: string): number => (Object.hasOwn(turn.claimed, tool) ? (turn.claimed[tool] ?? 0) : 0);

/** What the host must have seen if a tool did what the agent says. A tool that is not here leaves nothing to see outside (reading, planning). */
const traces: { readonly [tool: string]: readonly EventKind[] } = {
  write: ["file.staged"], append: ["file.staged"], edit: ["file.staged"], delete: ["file.staged"], move: ["file.staged"], organise: ["file.staged"],
  fetch: ["network.requested"],
  run: ["process.started", "file.staged", "network.requested"],
};

/** `unconfirmed`: a claim that nothing observed in its turn supports. `unclaimed`: an observation of the agent's doing that no claim of its turn covers. */
export type Mark = "unconfirmed" | "unclaimed";

/** The mark of one event, given its turn. A running turn has none: its files are looked at when it ends. */
export function markOf(event: FeedEvent, turn: TurnActivity): Mark | undefined {
  if (turn.ended === undefined || event.turn === undefined) return undefined;
  if (isDoneClaim(event)) {
    const expected = Object.hasOwn(traces, event.detail.tool) ? traces[event.detail.tool] : undefined;
    return expected && !expected.some((kind) => (turn.observed[kind] ?? 0) > 0) ? "unconfirmed" : undefined;
  }
  if (event.evidence !== "observed" || !["file.staged", "network.requested", "process.started"].includes(event.kind)) return undefined;
  const covered = Object.entries(traces).some(([tool, kinds]) => kinds.includes(event.kind) && claims(turn, tool) > 0);
  return covered ? undefined : "unclaimed";
}
