/** The page's one store. It changes by folding pushes and the answers of calls; components only read it and ask for actions. */
import { create, type StoreApi, type UseBoundStore } from "zustand";
import type { CallInput, CallName, CallOutput, Push } from "../../../protocol/api.ts";
import type { FeedEvent } from "../../../protocol/event.ts";
import type { Outcome } from "../../../protocol/problem.ts";
import type { Client } from "../api/client.ts";
import { emptyState, foldEvents, foldPush, mergeOpened, type State } from "./state.ts";

/** Folds a change into the state. */
type Set = (change: Partial<State> | ((state: State) => Partial<State>)) => void;

export interface Actions {
  /** A call whose problem is shown; undefined where it failed. */
  ask<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N> | undefined>;
  /** A call whose problem the asker shows itself. */
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<Outcome<CallOutput<N>>>;
  openConversation(id: string): Promise<void>;
  /** The open conversation's id; makes a conversation where none is open. */
  ensureConversation(): Promise<string | undefined>;
  refresh(what: "conversation" | "messages" | "changes" | "list"): Promise<void>;
  loadOlder(): Promise<void>;
  set: Set;
  connect(): void;
}

export type Store = State & { act: Actions };
export type PageStore = UseBoundStore<StoreApi<Store>>;
type Get = () => Store;

const feedPage = 400;

export function createPageStore(client: Client): PageStore {
  const store = create<Store>()((set, get) => ({ ...emptyState, act: createActions(client, set, get) }));
  const take = createEventBatch((events) => store.setState((state) => foldEvents(state, events)));
  client.onPush((push) => receive(store, push, take));
  client.transport.onConnection((connection) => {
    store.setState({ connection });
    if (connection === "open") void start(store);
  });
  return store;
}

function createActions(client: Client, set: Set, get: Get): Actions {
  const ask = async <N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N> | undefined> => {
    const outcome = await client.call(name, input);
    if (outcome.ok) return outcome.value;
    set({ problem: outcome.problem });
    return undefined;
  };
  const openId = (): string | undefined => get().open?.conversation.id;
  return {
    ask,
    call: client.call,
    set,
    connect: () => client.transport.connect(),
    async openConversation(id) {
      const opened = await ask("conversation.open", { conversation: id });
      if (!opened) return;
      set({ open: opened, events: [], total: 0, changes: [], page: "conversation", stoppedIn: undefined });
      const [feed, changes] = await Promise.all([ask("feed.page", { conversation: id, limit: feedPage }), ask("changes.list", { conversation: id })]);
      if (openId() !== id) return;
      if (feed) set((state) => ({ events: joinEvents(feed.events, state.events), total: feed.total }));
      if (changes) set({ changes });
    },
    async ensureConversation() {
      const held = openId();
      if (held !== undefined) return held;
      const made = await ask("conversation.create", {});
      if (!made) return undefined;
      await this.openConversation(made.id);
      await this.refresh("list");
      return made.id;
    },
    async refresh(what) {
      const id = openId();
      if (what === "list" || what === "conversation") {
        const conversations = await ask("conversation.list", {});
        if (conversations) set({ conversations });
      }
      if (id === undefined || what === "list") return;
      if (what === "changes") {
        const changes = await ask("changes.list", { conversation: id });
        if (changes && openId() === id) set({ changes });
        return;
      }
      const fresh = await ask("conversation.open", { conversation: id });
      if (fresh && openId() === id) set((state) => ({ open: mergeOpened(state.open, fresh) }));
    },
    async loadOlder() {
      const id = openId();
      const before = get().events[0]?.seq;
      if (id === undefined || before === undefined || before <= 1) return;
      const older = await ask("feed.page", { conversation: id, before, limit: feedPage });
      if (older && openId() === id) set((state) => ({ events: joinEvents(older.events, state.events) }));
    },
  };
}

function joinEvents(some: readonly FeedEvent[], others: readonly FeedEvent[]): FeedEvent[] {
  const bySeq = new Map([...some, ...others].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** Five hundred events a second are folded once a frame, not one by one. */
function createEventBatch(flush: (events: FeedEvent[]) => void): (events: readonly FeedEvent[]) => void {
  let waiting: FeedEvent[] = [];
  return (events) => {
    if (waiting.length === 0) {
      setTimeout(() => {
        const batch = waiting;
        waiting = [];
        flush(batch);
      }, 50);
    }
    waiting.push(...events);
  };
}

function receive(store: PageStore, push: Push, take: (events: readonly FeedEvent[]) => void): void {
  switch (push.push) {
    case "feed": return take(push.events);
    case "update": return store.setState((state) => foldPush(state, push));
    case "terminal": return;
    case "changed": {
      const { act, open } = store.getState();
      if (push.conversation === open?.conversation.id) void act.refresh(push.what);
      if (push.what !== "changes") void act.refresh("list");
    }
  }
}

async function start(store: PageStore): Promise<void> {
  const { act, open } = store.getState();
  const [settings, conversations] = await Promise.all([act.ask("settings.get", {}), act.ask("conversation.list", {})]);
  if (settings) act.set({ settings });
  if (conversations) act.set({ conversations });
  if (settings && !settings.welcomed && conversations?.length === 0) return act.set({ page: "welcome" });
  const latest = open?.conversation.id ?? [...(conversations ?? [])].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt))[0]?.id;
  if (latest !== undefined) await act.openConversation(latest);
}
