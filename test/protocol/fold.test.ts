import { expect, test } from "vitest";
import type { FeedEvent } from "../../protocol/event.ts";
import { markOf, noActivity, reduce, type Activity } from "../../protocol/fold.ts";

const chain = (...drafts: object[]): FeedEvent[] => drafts.map((draft, index) => ({
  seq: index + 1, at: "2026-01-01T00:00:00.000Z", conversation: "aaaaaaaaaaaa", actor: "agent", evidence: "observed", outcome: "done", hash: "", turn: "t", ...draft,
}) as FeedEvent);
const claim = (tool: string, status = "completed"): object => ({ kind: "tool.called", evidence: "claimed", detail: { id: "1", tool, summary: "", status } });
const staged = { kind: "file.staged", detail: { path: "/f/a", change: "created", bytes: 1 } };
const settled = { kind: "turn.settled", actor: "host", detail: {} };
const folded = (events: FeedEvent[]): Activity => events.reduce(reduce, noActivity);
const marks = (events: FeedEvent[]): (string | undefined)[] => {
  const { turns } = folded(events);
  return events.map((event) => markOf(event, turns.find((turn) => turn.turn === event.turn && turn.last >= event.seq) as (typeof turns)[number]));
};

test("events are grouped by turn and counted", () => {
  const events = chain({ kind: "message.sent", turn: undefined, detail: { text: "x" } }, claim("write", "pending"), claim("write"), staged, { kind: "network.requested", outcome: "refused", detail: {} }, settled, { kind: "change.applied", turn: undefined, detail: {} });
  expect(folded(events)).toMatchObject({
    events: 7, observed: 5, claimed: 2, refused: 1, last: 7,
    turns: [
      { turn: undefined, first: 1, last: 1 },
      { turn: "t", first: 2, last: 6, ended: "done", observed: { "file.staged": 1, "network.requested": 1, "turn.settled": 1 }, claimed: { write: 1 }, refused: 1 },
      { turn: undefined, first: 7, last: 7 },
    ],
  });
});

test("an event that comes twice is folded once, and the state before stays as it was", () => {
  const events = chain(staged, staged);
  const once = folded(events);
  expect(reduce(once, events[1] as FeedEvent)).toBe(once);
  expect(noActivity.turns).toEqual([]);
});

test("a claim that nothing observed supports is marked, and an observation that nobody claimed", () => {
  expect(marks(chain(claim("write"), claim("read"), claim("constructor"), settled))).toEqual(["unconfirmed", undefined, undefined, undefined]);
  expect(marks(chain(claim("write"), staged, settled))).toEqual([undefined, undefined, undefined]);
  expect(marks(chain(claim("read"), staged, { kind: "network.requested", detail: {} }, settled))).toEqual([undefined, "unclaimed", "unclaimed", undefined]);
  expect(marks(chain(claim("run"), staged, settled))).toEqual([undefined, undefined, undefined]);
});

test("a running turn has no marks yet", () => {
  expect(marks(chain(claim("write")))).toEqual([undefined]);
});

test("a long chain folds fast", () => {
  const started = performance.now();
  folded(chain(...Array.from({ length: 100_000 }, () => staged)));
  expect(performance.now() - started).toBeLessThan(3000);
});
