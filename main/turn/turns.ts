/** The running turns: one per conversation, from a person's message until the agent settles, is stopped, or fails. */
import { applyUpdate, type Conversation, type Message, type TurnUpdate } from "../../protocol/conversation.ts";
import type { StagedChange } from "../../protocol/change.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { ended, knownChanges, recordStaged, settledEvent, type End } from "./ending.ts";
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
  /** Freezes the conversation's agent; `resume` lets it go on, also where a limit froze it. `not-found` while there is none. */
  pause(conversation: string): Promise<Outcome<void>>;
  resume(conversation: string): Promise<Outcome<void>>;
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
  const room: Room = { deps, running: new Map(), sessions: new Map(), locks: new Map() };
  const stop = (id: string): Promise<number> => stopTurn(room, id);
  return {
    stop,
    send: (id, text) => sendMessage(room, id, text),
    running: (id) => room.running.has(id),
    pause: (id) => withSession(room, id, (session) => session.box.pause()),
    resume: (id) => withSession(room, id, (session) => session.goOn()),
    contained: (id) => room.sessions.get(id)?.ended() === false,
    async rest(id) {
      if (room.running.has(id)) return failed("busy", "The agent is still working.", "Stop it, or wait until it is done.");
      await endSession(room, id);
      return done(undefined);
    },
    async close() {
      await Promise.all([...new Set([...room.running.keys(), ...room.sessions.keys()])].map(stop));
    },
  };
}

interface Room {
  deps: TurnDeps;
  running: Map<string, Running>;
  sessions: Map<string, Session>;
  /** The conversations that this process holds: while it has an agent for them. */
  locks: Map<string, () => void>;
}

/** Ends the agent and lets the conversation go; milliseconds until every process was gone. */
async function endSession(room: Room, id: string): Promise<number> {
  const session = room.sessions.get(id);
  room.sessions.delete(id);
  const ms = session ? await session.close() : 0;
  if (!room.running.has(id)) release(room, id);
  return ms;
}

async function withSession(room: Room, id: string, act: (session: Session) => Promise<void>): Promise<Outcome<void>> {
  const session = room.sessions.get(id);
  if (!session || session.ended()) return failed("not-found", "No agent is running in this conversation.");
  await act(session);
  return done(undefined);
}

function release(room: Room, id: string): void {
  room.locks.get(id)?.();
  room.locks.delete(id);
}

async function stopTurn(room: Room, id: string): Promise<number> {
  const now = room.running.get(id);
  if (now) now.stopped = true;
  room.sessions.get(id)?.link.cancel();
  const ms = await endSession(room, id);
  await now?.settled;
  await endSession(room, id);
  return ms;
}

function sendMessage(room: Room, id: string, text: string): Outcome<{ turn: string; settled: Promise<Message> }> {
  const { deps } = room;
  const conversation = deps.conversations.get(id);
  if (!conversation.ok) return conversation;
  if (room.running.has(id)) return failed("busy", "The agent is still working on the last message.", "Stop it, or wait until it is done.");
  if (!room.locks.has(id)) {
    const lock = deps.conversations.lock(id);
    if (!lock.ok) return lock;
    room.locks.set(id, lock.value);
  }
  const turn = deps.newId();
  const at = deps.now().toISOString();
  const message: Message = { id: deps.newId(), turn, role: "agent", at, parts: [] };
  const asked: Message = { id: deps.newId(), turn, role: "person", at, parts: [{ type: "text", text }] };
  deps.conversations.saveMessages(id, [...deps.conversations.messages(id), asked, message]);
  deps.record({ kind: "message.sent", conversation: id, turn, actor: "person", evidence: "observed", outcome: "done", detail: { text } });
  deps.record({ kind: "turn.started", conversation: id, turn, actor: "host", evidence: "observed", outcome: "done", detail: {} });
  const now: Running = { turn, stopped: false, message, settled: Promise.resolve(message) };
  room.running.set(id, now);
  now.settled = settle(room, conversation.value, { text, now });
  return done({ turn, settled: now.settled });
}

async function settle(room: Room, conversation: Conversation, asked: { text: string; now: Running }): Promise<Message> {
  const { deps } = room;
  const { now } = asked;
  const id = conversation.id;
  const before = await knownChanges(deps, id);
  const end = await act(room, conversation, asked).catch((error: unknown): End => {
    deps.log("turn", error);
    return { code: "internal", message: "Something inside Bulkhead failed. Your files are as they were.", mend: "Send the message again; the log has the cause." };
  });
  const message = ended(now.message, now.stopped ? "cancelled" : end);
  deps.conversations.saveMessages(id, deps.conversations.messages(id).map((old) => (old.id === message.id ? message : old)));
  await recordStaged(deps, { conversation: id, turn: now.turn }, before);
  deps.record(settledEvent({ conversation: id, turn: now.turn }, now.stopped ? "cancelled" : end, message));
  room.sessions.get(id)?.setTurn(undefined);
  room.running.delete(id);
  if (room.sessions.get(id)?.ended() ?? true) await endSession(room, id);
  deps.onChanged(id, "messages");
  deps.onChanged(id, "changes");
  return message;
}

async function act(room: Room, conversation: Conversation, { text, now }: { text: string; now: Running }): Promise<End> {
  const { deps } = room;
  const session = await warmSession(room, conversation, now.turn);
  if (!session.ok) return session.problem;
  // Stopped while it started: the session was not there yet to be ended.
  if (now.stopped) return "cancelled";
  // The person may have saved files anew since the last turn.
  await session.value.box.refresh();
  const watch = watchProcesses(session.value.box, (draft) => deps.record({ ...draft, conversation: conversation.id, turn: now.turn }));
  const crashed = session.value.box.exited.then(({ hit }) => failed(hit ? "limit-reached" : "agent-failed", hit ? `A limit was reached (${hit.limit}) and everything inside was ended. What was changed until then is staged; your files are as they were.` : "The agent ended in the middle of its work. What it had changed is staged; your files are as they were.", "Send the message again to go on."));
  const end = await Promise.race([session.value.link.prompt(text), crashed]);
  await watch.stop();
  return end.ok ? end.value : end.problem;
}

async function warmSession(room: Room, conversation: Conversation, turn: string): Promise<Outcome<Session>> {
  const { deps, sessions, running } = room;
  const id = conversation.id;
  const kept = sessions.get(id);
  if (kept && !kept.ended() && kept.key === sessionKey(conversation)) {
    kept.setTurn(turn);
    return done(kept);
  }
  await endSession(room, id);
  const sessionDeps: SessionDeps = {
    ...deps,
    onUpdate(_, of, update) {
      const now = running.get(id);
      if (!now || now.turn !== of) return;
      now.message = applyUpdate(now.message, update);
      deps.onUpdates(id, of, [update]);
    },
  };
  const opened = await openSession(sessionDeps, { conversation, history: deps.conversations.messages(id).slice(0, -2), turn });
  if (opened.ok) sessions.set(id, opened.value);
  return opened;
}
