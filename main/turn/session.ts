/**
 * One contained agent, kept warm between turns: its brokers, its sandbox, its link.
 * Opens in one order and closes in the reverse; a part that cannot open closes those before it and the agent never starts.
 */
import type { Conversation, Message, TurnUpdate } from "../../protocol/conversation.ts";
import type { EventDraft, Reason, Record } from "../../protocol/event.ts";
import type { Grant } from "../../protocol/grant.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { createClosers, type Closers } from "../base/closer.ts";

export interface RunningBox {
  pid: number;
  ms: number;
  backend: "bubblewrap" | "seatbelt";
  exited: Promise<{ code: number | null; signal?: string; timeUp?: boolean }>;
  stop(): Promise<number>;
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
  /** A fresh private directory for this session's sockets, and its remover. */
  socketDirectory(): { path: string; remove(): void };
  startEgress(options: { socketPath: string; conversation: string; turn(): string | undefined }): Promise<{ trustBundle?: string; environment?: { [name: string]: string }; close(): Promise<void> }>;
  startGateway(options: { socketPath: string; conversation: string; turn(): string | undefined }): Promise<{ close(): Promise<void> }>;
  openLink(options: {
    socketPath: string;
    onUpdate(update: TurnUpdate): void;
    onClaim(claim: { id: string; tool: string; summary: string; status: "pending" | "in_progress" | "completed" | "failed" }): void;
    onMalformed(message: string): void;
  }): Promise<Link>;
  launch(spec: SandboxSpec, onOutput: (text: string) => void): Promise<Outcome<RunningBox>>;
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
  ended(): boolean;
  close(): Promise<number>;
}

export const sessionKey = (conversation: Conversation): string =>
  JSON.stringify([conversation.model, conversation.grants.map((grant: Grant) => [grant.id, grant.access])]);

/** A failed start as the one event that tells it. */
export function refusal(conversation: string, turn: string, message: string, mend: string | undefined, reason: Reason = "no-containment"): EventDraft {
  return {
    kind: "sandbox.refused", conversation, turn, actor: "host", evidence: "observed", outcome: "refused", reason,
    detail: mend === undefined ? { message } : { message, mend },
  };
}

export async function openSession(deps: SessionDeps, conversation: Conversation, history: readonly Message[], firstTurn: string): Promise<Outcome<Session>> {
  const closers = createClosers();
  try {
    const opened = await openParts(deps, conversation, history, { closers, firstTurn });
    if (!opened.ok) await closers.close();
    return opened;
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}

async function openParts(deps: SessionDeps, conversation: Conversation, history: readonly Message[], own: { closers: Closers; firstTurn: string }): Promise<Outcome<Session>> {
  const { closers } = own;
  const id = conversation.id;
  let turn: string | undefined = own.firstTurn;
  const turnNow = (): string | undefined => turn;
  const folders = deps.mounts(conversation);
  if (!folders.ok) return folders;
  const sockets = deps.socketDirectory();
  closers.add(sockets.remove);
  const egress = await deps.startEgress({ socketPath: `${sockets.path}/e`, conversation: id, turn: turnNow });
  closers.add(egress.close);
  const gateway = await deps.startGateway({ socketPath: `${sockets.path}/g`, conversation: id, turn: turnNow });
  closers.add(gateway.close);
  const link = await deps.openLink({
    socketPath: `${sockets.path}/l`,
    onUpdate: (update) => turn && deps.onUpdate(id, turn, update),
    onClaim: (claim) => void deps.record({ kind: "tool.called", conversation: id, ...(turn ? { turn } : {}), actor: "agent", evidence: "claimed", outcome: claim.status === "failed" ? "failed" : "done", detail: claim }),
    onMalformed: (message) => void deps.record({ ...refusal(id, turn ?? own.firstTurn, message, undefined, "agent-malformed") }),
  });
  closers.add(link.close);
  const launched = await deps.launch(agentSpec(folders.value, sockets.path, egress, deps.writeBundle), (text) => deps.onTerminal(id, text));
  if (!launched.ok) {
    deps.record(refusal(id, own.firstTurn, launched.problem.message, launched.problem.mend));
    return launched;
  }
  const box = launched.value;
  let over = false;
  closers.add(async () => void (await box.stop()));
  deps.record({ kind: "sandbox.started", conversation: id, turn: own.firstTurn, actor: "host", evidence: "observed", outcome: "done", detail: { backend: box.backend, pid: box.pid, ms: box.ms } });
  void box.exited.then((end) => {
    over = true;
    deps.record({ kind: "sandbox.ended", conversation: id, ...(turn ? { turn } : {}), actor: "host", evidence: "observed", outcome: "done", detail: { code: end.code, ...(end.signal ? { signal: end.signal } : {}) } });
  });
  const ready = await Promise.race([link.ready, box.exited.then(() => failed("agent-failed", "The agent ended before it was ready.", "Send the message again. If it stays so: bulkhead doctor"))]);
  if (!ready.ok) return ready;
  const started = await link.start(history.map(asHistory), { model: conversation.model, folders: folders.value.map(({ path, access }) => ({ path, access })) });
  if (!started.ok) return started;
  return done({
    key: sessionKey(conversation), link, box,
    setTurn: (next) => void (turn = next),
    ended: () => over,
    async close() {
      const begun = performance.now();
      await box.stop();
      const ms = performance.now() - begun;
      await closers.close();
      return ms;
    },
  });
}

function agentSpec(folders: SandboxSpec["folders"], sockets: string, egress: { trustBundle?: string; environment?: { [name: string]: string } }, writeBundle: SessionDeps["writeBundle"]): SandboxSpec {
  return {
    command: ["/opt/bulkhead/node", "/opt/bulkhead/agent/agent.mjs"],
    folders,
    environment: { NODE_COMPILE_CACHE: "/tmp/.compile-cache", ...egress.environment },
    egressSocket: `${sockets}/e`, gatewaySocket: `${sockets}/g`, linkSocket: `${sockets}/l`,
    ...(egress.trustBundle ? { trustBundle: writeBundle(sockets, egress.trustBundle) } : {}),
    withAgent: true,
    limits: { processes: 512, openFiles: 4096, privateBytes: 1 << 30 },
  };
}

function asHistory(message: Message): { role: "person" | "agent"; text: string } {
  return { role: message.role, text: message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n") };
}
