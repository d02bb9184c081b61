/** What the page knows, and the pure folds that change it. */
import type { ConversationState, Push } from "../../../protocol/api.ts";
import type { Settings } from "../../../protocol/settings.ts";
import type { StagedChange } from "../../../protocol/change.ts";
import { applyUpdate, type Conversation, type Message } from "../../../protocol/conversation.ts";
import type { FeedEvent } from "../../../protocol/event.ts";
import type { Problem } from "../../../protocol/problem.ts";
import type { Connection } from "../api/transport.ts";

export type Tab = "activity" | "changes" | "reach";

export interface State {
  connection: Connection;
  conversations: Conversation[];
  open: ConversationState | undefined;
  /** Ascending by seq: the newest loaded window of the open conversation's feed. */
  events: FeedEvent[];
  total: number;
  changes: StagedChange[];
  settings: Settings | undefined;
  problem: Problem | undefined;
  tab: Tab;
  page: "conversation" | "settings" | "welcome";
  stoppedIn: number | undefined;
}

export const emptyState: State = {
  connection: "opening", conversations: [], open: undefined, events: [], total: 0, changes: [], settings: undefined, problem: undefined, tab: "activity",
  page: "conversation", stoppedIn: undefined,
};

/** The heap stays small: older events are fetched again when they are scrolled to. */
const mostEvents = 20_000;

export function foldEvents(state: State, events: readonly FeedEvent[]): Partial<State> {
  const id = state.open?.conversation.id;
  const newest = state.events.at(-1)?.seq ?? 0;
  const fresh = events.filter((event) => event.conversation === id && event.seq > newest).sort((a, b) => a.seq - b.seq);
  if (fresh.length === 0) return {};
  return { events: [...state.events, ...fresh].slice(-mostEvents), total: state.total + fresh.length };
}

export function foldPush(state: State, push: Extract<Push, { push: "update" }>): Partial<State> {
  const open = state.open;
  if (open?.conversation.id !== push.conversation) return {};
  const known = open.messages.map((message) => (message.turn === pendingTurn ? { ...message, turn: push.turn } : message));
  const held = known.some((message) => message.role === "agent" && message.turn === push.turn);
  const messages = held ? known : [...known, startedMessage(push.turn, "agent", [])];
  const folded = messages.map((message) => (message.role === "agent" && message.turn === push.turn && !message.ended ? push.updates.reduce(applyUpdate, message) : message));
  return { open: { ...open, messages: folded, running: true } };
}

/** The turn of a message that was sent and is not numbered yet. */
export const pendingTurn = "pending";

export function startedMessage(turn: string, role: Message["role"], parts: Message["parts"]): Message {
  return { id: `${role}-${turn}`, turn, role, at: "", parts };
}

/** The host stores a running message when it ends: what streamed here meanwhile is longer, and is kept until then. */
export function mergeOpened(old: ConversationState | undefined, fresh: ConversationState): ConversationState {
  if (old?.conversation.id !== fresh.conversation.id) return fresh;
  const messages = fresh.messages.map((message) => {
    if (message.role !== "agent" || message.ended) return message;
    const streamed = old.messages.find((other) => other.role === "agent" && other.turn === message.turn);
    return streamed && streamed.parts.length > message.parts.length ? { ...message, parts: streamed.parts } : message;
  });
  return { ...fresh, messages };
}
