/** The running turns: one per conversation, from a person's message until the agent settles, is stopped, or fails. */
import { applyUpdate, type Conversation, type Message, type TurnUpdate } from "../../protocol/conversation.ts";
import type { EventDraft } from "../../protocol/event.ts";
import type { StagedChange } from "../../protocol/change.ts";
import { done, failed, type Outcome, type Problem } from "../../protocol/problem.ts";
import { openSession, sessionKey, type Session, type SessionDeps } from "./session.ts";
import { watchProcesses } from "./processes.ts";

export interface TurnDeps extends Omit<SessionDeps, "onUpdate"> {
  conversations: {
    get(id: string): Outcome<Conversation>;
    messages(id: string): Message[];
    saveMessages(id: string, messages: readonly Message[]): void;
    lock(id: string): Outcome<() => void>;
  };
  staged(conversation: string): Promise<Outcome<StagedChange[]>>;
  newId(): string;
  now(): Date;
  onUpdates(conversation: string, turn: string, updates: TurnUpdate[]): void;
  onChanged(conversation: string, what: "messages" | "changes"): void;
  log(message: string, cause?: unknown): void;
}

export interface Turns {
  /** Starts a turn; returns its id at once, `settled` when it is over. */
  send(conversation: string, text: string): Outcome<{ turn: string; settled: Promise<Message> }>;
  /** Ends the conversation's agent with everything it started; milliseconds until all is gone. */
  stop(conversation: string): Promise<number>;
  /** Ends a warm agent between turns, so that its mounts are free. `busy` while a turn runs. */
  rest(conversation: string): Promise<Outcome<void>>;
  running(conversation: string): boolean;
  contained(conversation: string): boolean;
  close(): Promise<void>;
}

interface Running {
  turn: string;
  stopped: boolean;
  settled: Promise<Message>;
  message: Message;
}

export function createTurns(deps: TurnDeps): Turns {
  const running = new Map<string, Running>();
  const sessions = new Map<string, Session>();
  const locks = new Map<string, () => void>();
  const sessionDeps: SessionDeps = {
    ...deps,
    onUpdate(id, turn, update) {
      const now = running.get(id);
      if (!now || now.turn !== turn) return;
      now.message = applyUpdate(now.message, update);
      deps.onUpdates(id, turn, [update]);
    },
  };
  const endSession = async (id: string): Promise<number> => {
    const session = sessions.get(id);
    sessions.delete(id);
    const ms = session ? await session.close() : 0;
    return ms;
  };
  const release = (id: string): void => {
    locks.get(id)?.();
    locks.delete(id);
  };
  const warm = async (conversation: Conversation, history: readonly Message[], turn: string): Promise<Outcome<Session>> => {
    const kept = sessions.get(conversation.id);
    if (kept && !kept.ended() && kept.key === sessionKey(conversation)) {
      kept.setTurn(turn);
      return done(kept);
    }
    await endSession(conversation.id);
    const opened = await openSession(sessionDeps, conversation, history, turn);
    if (opened.ok) sessions.set(conversation.id, opened.value);
    return opened;
  };
  const act = async (conversation: Conversation, text: string, now: Running): Promise<Problem | "settled" | "cancelled"> => {
    const history = deps.conversations.messages(conversation.id).slice(0, -2);
    const session = await warm(conversation, history, now.turn);
    if (!session.ok) return session.problem;
    if (now.stopped) return "cancelled";
    const watch = watchProcesses(session.value.box, (draft) => deps.record({ ...draft, conversation: conversation.id, turn: now.turn }));
    const crashed = session.value.box.exited.then(() => failed("agent-failed", "The agent ended in the middle of its work. What it had changed is staged; your files are as they were.", "Send the message again to go on."));
    const end = await Promise.race([session.value.link.prompt(text), crashed]);
    await watch.stop();
    return end.ok ? end.value : end.problem;
  };
  const settle = async (conversation: Conversation, text: string, now: Running): Promise<Message> => {
    const id = conversation.id;
    const before = await knownChanges(deps, id);
    let end: Problem | "settled" | "cancelled";
    try {
      end = await act(conversation, text, now);
    } catch (error) {
      deps.log("turn", error);
      end = { code: "internal", message: "Something inside Bulkhead failed. Your files are as they were.", mend: "Send the message again; the log has the cause." };
    }
    if (now.stopped) end = "cancelled";
    const message = ended(now.message, end);
    const messages = deps.conversations.messages(id);
    deps.conversations.saveMessages(id, messages.map((old) => (old.id === message.id ? message : old)));
    await recordStaged(deps, id, now.turn, before);
    deps.record(settledEvent(id, now.turn, end, message));
    sessions.get(id)?.setTurn(undefined);
    running.delete(id);
    if (sessions.get(id)?.ended() ?? true) {
      await endSession(id);
      release(id);
    }
    deps.onChanged(id, "messages");
    deps.onChanged(id, "changes");
    return message;
  };
  return {
    running: (id) => running.has(id),
    contained: (id) => sessions.has(id) && !sessions.get(id)?.ended(),
    send(id, text) {
      const conversation = deps.conversations.get(id);
      if (!conversation.ok) return conversation;
      if (running.has(id)) return failed("busy", "The agent is still working on the last message.", "Stop it, or wait until it is done.");
      if (!locks.has(id)) {
        const lock = deps.conversations.lock(id);
        if (!lock.ok) return lock;
        locks.set(id, lock.value);
      }
      const turn = deps.newId();
      const at = deps.now().toISOString();
      const message: Message = { id: deps.newId(), turn, role: "agent", at, parts: [] };
      const asked: Message = { id: deps.newId(), turn, role: "person", at, parts: [{ type: "text", text }] };
      deps.conversations.saveMessages(id, [...deps.conversations.messages(id), asked, message]);
      deps.record({ kind: "message.sent", conversation: id, turn, actor: "person", evidence: "observed", outcome: "done", detail: { text } });
      deps.record({ kind: "turn.started", conversation: id, turn, actor: "host", evidence: "observed", outcome: "done", detail: {} });
      const now: Running = { turn, stopped: false, message, settled: Promise.resolve(message) };
      running.set(id, now);
      now.settled = settle(conversation.value, text, now);
      return done({ turn, settled: now.settled });
    },
    async stop(id) {
      const now = running.get(id);
      if (now) now.stopped = true;
      sessions.get(id)?.link.cancel();
      const ms = await endSession(id);
      await now?.settled;
      release(id);
      return ms;
    },
    async rest(id) {
      if (running.has(id)) return failed("busy", "The agent is still working.", "Stop it, or wait until it is done.");
      await endSession(id);
      release(id);
      return done(undefined);
    },
    async close() {
      await Promise.all([...new Set([...running.keys(), ...sessions.keys()])].map((id) => this.stop(id)));
      for (const id of [...locks.keys()]) release(id);
    },
  };
}

function ended(message: Message, end: Problem | "settled" | "cancelled"): Message {
  if (end === "settled" || end === "cancelled") return { ...message, ended: end };
  return { ...message, ended: "failed", problem: end.mend ? `${end.message} ${end.mend}` : end.message };
}

function settledEvent(conversation: string, turn: string, end: Problem | "settled" | "cancelled", message: Message): EventDraft {
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const base = { kind: "turn.settled", conversation, turn, actor: "host", evidence: "observed", detail: { text: message.problem ?? text } } as const;
  if (end === "settled") return { ...base, outcome: "done" };
  if (end === "cancelled") return { ...base, outcome: "failed", reason: "stopped-by-person" };
  return { ...base, outcome: "failed", reason: end.code === "no-containment" ? "no-containment" : end.code === "model-failed" ? "model-failed" : "agent-crashed" };
}

async function knownChanges(deps: TurnDeps, id: string): Promise<Set<string>> {
  const listed = await deps.staged(id);
  return new Set(listed.ok ? listed.value.map(changeKey) : []);
}

async function recordStaged(deps: TurnDeps, id: string, turn: string, before: Set<string>): Promise<void> {
  const listed = await deps.staged(id);
  if (!listed.ok) return deps.log(`staged changes cannot be listed: ${listed.problem.message}`);
  for (const change of listed.value) {
    if (before.has(changeKey(change))) continue;
    deps.record({
      kind: "file.staged", conversation: id, turn, actor: "agent", evidence: "observed", outcome: "done",
      detail: { path: change.path, ...(change.from ? { from: change.from } : {}), change: change.change, bytes: change.bytes },
    });
  }
}

const changeKey = (change: StagedChange): string => JSON.stringify([change.path, change.change, change.bytes]);
