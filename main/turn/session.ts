/**
 * One contained agent, kept warm between turns: its brokers, its sandbox, its link.
 * Opens in one order and closes in the reverse; a part that cannot open closes those before it and the agent never starts.
 */
import type { Conversation, Message, TurnUpdate } from "../../protocol/conversation.ts";
import type { EventDraft, LimitHit, LimitTier, Reason, Record } from "../../protocol/event.ts";
import type { Grant } from "../../protocol/grant.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { createClosers, type Closers } from "../base/closer.ts";
import { limitEvent } from "./ending.ts";
import type { SocketPlace } from "../base/guardedSocket.ts";

export interface RunningBox {
  pid: number;
  ms: number;
  backend: "bubblewrap" | "seatbelt";
  limits: LimitTier;
  exited: Promise<{ code: number | null; signal?: string; timeUp?: boolean; hit?: LimitHit }>;
  stop(): Promise<number>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  refresh(): Promise<void>;
  processes(): Promise<{ pid: number; command: string }[]>;
}

export interface Link {
  ready: Promise<Outcome<void>>;
  start(history: { role: "person" | "agent"; text: string }[], options: { model: string; folders: { path: string; access: string }[] }): Promise<Outcome<void>>;
  prompt(text: string): Promise<Outcome<"settled" | "cancelled">>;
  cancel(): void;
  close(): void;
}

export interface SessionDeps {
  record: Record;
  /** A fresh private directory for this session's sockets, the token that opens them, and its remover. */
  socketDirectory(): { path: string; token: string; remove(): void };
  startEgress(options: SocketPlace & { conversation: string; turn(): string | undefined }): Promise<{ trustBundle?: string; environment?: { [name: string]: string }; close(): Promise<void> }>;
  startGateway(options: SocketPlace & { conversation: string; turn(): string | undefined }): Promise<{ close(): Promise<void> }>;
  openLink(options: SocketPlace & {
    onUpdate(update: TurnUpdate): void;
    onClaim(claim: { id: string; tool: string; summary: string; status: "pending" | "in_progress" | "completed" | "failed" }): void;
    onMalformed(message: string): void;
  }): Promise<Link>;
  launch(spec: SandboxSpec, told: { onOutput(text: string): void; onLimit(hit: LimitHit): void }): Promise<Outcome<RunningBox>>;
  mounts(conversation: Conversation): Outcome<SandboxSpec["folders"]>;
  writeBundle(directory: string, pem: string): string;
  onUpdate(conversation: string, turn: string, update: TurnUpdate): void;
  onTerminal(conversation: string, text: string): void;
}

export interface Session {
  /** Changes when the agent must be started anew: other grants, other model. */
  key: string;
  link: Link;
  box: RunningBox;
  setTurn(turn: string | undefined): void;
  /** Lets a held agent go on; where a limit held it, the person's answer is recorded. */
  goOn(): Promise<void>;
  ended(): boolean;
  close(): Promise<number>;
}

export const sessionKey = (conversation: Conversation): string =>
  JSON.stringify([conversation.model, conversation.grants.map((grant: Grant) => [grant.id, grant.access])]);

/** A failed start as the one event that tells it. */
export function refusal(at: { conversation: string; turn: string }, problem: { message: string; mend?: string | undefined }, reason: Reason = "no-containment"): EventDraft {
  const { conversation, turn } = at;
  const { message, mend } = problem;
  return {
    kind: "sandbox.refused", conversation, turn, actor: "host", evidence: "observed", outcome: "refused", reason,
    detail: mend === undefined ? { message } : { message, mend },
  };
}

export interface Opening {
  conversation: Conversation;
  /** What was said before, for an agent that starts anew. */
  history: readonly Message[];
  turn: string;
}

export async function openSession(deps: SessionDeps, opening: Opening): Promise<Outcome<Session>> {
  const closers = createClosers();
  try {
    const opened = await openParts(deps, opening, closers);
    if (!opened.ok) await closers.close();
    return opened;
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}

async function openParts(deps: SessionDeps, opening: Opening, closers: Closers): Promise<Outcome<Session>> {
  const { conversation } = opening;
  const id = conversation.id;
  const at: Now = { conversation: id, first: opening.turn, turn: opening.turn };
  const folders = deps.mounts(conversation);
  if (!folders.ok) return folders;
  const sockets = deps.socketDirectory();
  closers.add(sockets.remove);
  const place = (name: string): SocketPlace => ({ socketPath: `${sockets.path}/${name}`, token: sockets.token });
  const broker = { conversation: id, turn: () => at.turn };
  const egress = await deps.startEgress({ ...place("e"), ...broker });
  closers.add(egress.close);
  const gateway = await deps.startGateway({ ...place("g"), ...broker });
  closers.add(gateway.close);
  const link = await openAgentLink(deps, at, place("l"));
  closers.add(link.close);
  const trustBundle = egress.trustBundle ? deps.writeBundle(sockets.path, egress.trustBundle) : undefined;
  const launched = await deps.launch(agentSpec(folders.value, sockets, { trustBundle, environment: egress.environment }), {
    onOutput: (text) => deps.onTerminal(id, text),
    onLimit(hit) {
      deps.record(limitEvent({ conversation: id, ...(at.turn ? { turn: at.turn } : {}) }, hit));
      if (hit.action === "frozen") at.waiting = hit;
    },
  });
  if (!launched.ok) {
    deps.record(refusal({ conversation: id, turn: at.first }, launched.problem));
    return launched;
  }
  const box = launched.value;
  const life = recordLife(deps, at, box);
  // The end must be in the feed before the feed closes.
  closers.add(() => life.recorded);
  closers.add(async () => void (await box.stop()));
  const gone = box.exited.then(() => failed("agent-failed", "The agent ended before it was ready.", "Send the message again. If it stays so: bulkhead doctor"));
  const ready = await Promise.race([link.ready, gone]);
  if (!ready.ok) return ready;
  const started = await Promise.race([link.start(opening.history.map(asHistory), { model: conversation.model, folders: folders.value.map(({ path, access }) => ({ path, access })) }), gone]);
  if (!started.ok) return started;
  return done({
    key: sessionKey(conversation), link, box,
    setTurn: (next) => void (at.turn = next),
    async goOn() {
      await box.resume();
      const { waiting } = at;
      at.waiting = undefined;
      if (waiting) deps.record({ kind: "approval.answered", conversation: id, ...(at.turn ? { turn: at.turn } : {}), actor: "person", evidence: "observed", outcome: "allowed", detail: { id: `limit:${waiting.limit}`, answer: "as much again" } });
    },
    ended: life.over,
    async close() {
      const begun = performance.now();
      await box.stop();
      const ms = performance.now() - begun;
      await closers.close();
      return ms;
    },
  });
}

/** The running turn, as the brokers and the link see it; undefined between turns. */
interface Now {
  conversation: string;
  first: string;
  turn: string | undefined;
  /** The limit that froze the agent and waits for the person. */
  waiting?: LimitHit | undefined;
}

function openAgentLink(deps: SessionDeps, at: Now, place: SocketPlace): Promise<Link> {
  const { conversation } = at;
  return deps.openLink({
    ...place,
    onUpdate: (update) => at.turn && deps.onUpdate(conversation, at.turn, update),
    onClaim: (claim) => void deps.record({
      kind: "tool.called", conversation, ...(at.turn ? { turn: at.turn } : {}), actor: "agent", evidence: "claimed", outcome: claim.status === "failed" ? "failed" : "done", detail: claim,
    }),
    onMalformed: (message) => void deps.record(refusal({ conversation, turn: at.turn ?? at.first }, { message }, "agent-malformed")),
  });
}

function recordLife(deps: SessionDeps, at: Now, box: RunningBox): { over(): boolean; recorded: Promise<void> } {
  const host = { conversation: at.conversation, actor: "host", evidence: "observed", outcome: "done" } as const;
  let over = false;
  deps.record({ kind: "sandbox.started", ...host, turn: at.first, detail: { backend: box.backend, pid: box.pid, ms: box.ms, limits: box.limits } });
  const recorded = box.exited.then((end) => {
    over = true;
    deps.record({ kind: "sandbox.ended", ...host, ...(at.turn ? { turn: at.turn } : {}), detail: { code: end.code, ...(end.signal ? { signal: end.signal } : {}) } });
  });
  return { over: () => over, recorded };
}

function agentSpec(folders: SandboxSpec["folders"], sockets: { path: string; token: string }, network: { trustBundle: string | undefined; environment?: { [name: string]: string } | undefined }): SandboxSpec {
  return {
    command: ["/opt/bulkhead/node", "/opt/bulkhead/agent/agent.mjs"],
    folders,
    environment: { ...network.environment },
    egressSocket: `${sockets.path}/e`, gatewaySocket: `${sockets.path}/g`, linkSocket: `${sockets.path}/l`, socketToken: sockets.token,
    ...(network.trustBundle ? { trustBundle: network.trustBundle } : {}),
    withAgent: true,
    limits: { processes: 512, openFiles: 4096, privateBytes: 1 << 30 },
  };
}

function asHistory(message: Message): { role: "person" | "agent"; text: string } {
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  // Never empty: a model joins two messages of the person with nothing between them, and would do the stopped one again.
  return { role: message.role, text: text !== "" || message.role === "person" ? text : `(no answer: this turn ${message.ended === "cancelled" ? "was stopped by the person" : "did not finish"})` };
}
