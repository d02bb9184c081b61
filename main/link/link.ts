/**
 * The host's end of the link to one contained agent (Agent Client Protocol v1 over a unix socket).
 * Accepts: one connection that begins with the token, then the socket is gone. Messages of at most 8 MB, each checked against a schema before use.
 * Never: reads or writes a file or starts a program for the agent (fs/*, terminal/* are answered −32601), grants a permission,
 * throws because of what the agent sent. Everything that arrives here is a claim.
 */
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { client, methods, PROTOCOL_VERSION, RequestError, type ClientConnection } from "@agentclientprotocol/sdk";
import { z } from "zod";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import type { TurnUpdate } from "../../protocol/conversation.ts";
import { createGuardedSocket, type GuardedSocket, type SocketPlace } from "../base/guardedSocket.ts";
import { visible } from "../base/visible.ts";
import { frameStream, type FrameOptions } from "./frames.ts";
import { createUpdates, type Claim } from "./updates.ts";

export interface LinkOptions extends SocketPlace {
  onUpdate(update: TurnUpdate): void;
  onClaim(claim: Claim): void;
  onMalformed(message: string): void;
  /** Milliseconds until the agent must have connected and answered; 20 s unless told. */
  patience?: number;
}

export interface Link {
  /** Settles once the agent connected and agreed on the protocol, or could not. */
  ready: Promise<Outcome<void>>;
  start(history: { role: "person" | "agent"; text: string }[], options: { model: string; folders: { path: string; access: string }[] }): Promise<Outcome<void>>;
  prompt(text: string): Promise<Outcome<"settled" | "cancelled">>;
  cancel(): void;
  /** Connections closed because they did not begin with the token. */
  refused(): number;
  close(): void;
}

const mostBytes = 8 << 20;
const unsettled = "The agent was not ready in time.";
const sessionAnswer = z.looseObject({ sessionId: z.string().max(200) });
const promptAnswer = z.looseObject({ stopReason: z.enum(["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled"]) });
const helloAnswer = z.looseObject({ protocolVersion: z.literal(PROTOCOL_VERSION) });

export async function openLink(options: LinkOptions): Promise<Link> {
  const patience = options.patience ?? 20_000;
  const updates = createUpdates(options);
  const { guard, socket } = await listen(options);
  let accepted: Socket | undefined;
  let closed = false;
  let session = "";
  let malformed: string | undefined;
  const opened = socket.then((one) => {
    accepted = one;
    if (closed) one.destroy();
    return connect(one, { most: mostBytes, onUpdate: updates.receive, onMalformed: (message) => { malformed ??= message; options.onMalformed(message); } });
  });
  const ask = async <T>(schema: z.ZodType<T>, request: (connection: ClientConnection) => Promise<unknown>, time?: number): Promise<Outcome<T>> => {
    try {
      const answer = schema.safeParse(await within(opened.then(request), time));
      return answer.success ? done(answer.data) : failed("agent-failed", "The agent gave an answer that does not fit the protocol.");
    } catch (error) {
      return malformed === undefined ? problemOf(error) : failed("agent-failed", malformed, "Send the message again: the agent is started anew.");
    }
  };
  const hello = { protocolVersion: PROTOCOL_VERSION, clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false }, clientInfo: { name: "bulkhead", version: "1" } };
  const ready = ask(helloAnswer, (connection) => connection.agent.request(methods.agent.initialize, hello), patience)
    .then((answer): Outcome<void> => (answer.ok ? done(undefined) : answer));
  return {
    ready,
    async start(history, { model, folders }) {
      const parameters = { cwd: folders[0]?.path ?? "/", mcpServers: [], _meta: { model, folders, history } };
      const answer = await ask(sessionAnswer, (connection) => connection.agent.request(methods.agent.session.new, parameters), patience);
      if (!answer.ok) return answer;
      session = answer.value.sessionId;
      return done(undefined);
    },
    async prompt(text) {
      updates.begin();
      const answer = await ask(promptAnswer, (connection) => connection.agent.request(methods.agent.session.prompt, { sessionId: session, prompt: [{ type: "text", text }] }));
      return answer.ok ? done(answer.value.stopReason === "cancelled" ? "cancelled" : "settled") : answer;
    },
    cancel() {
      void opened.then((connection) => connection.agent.notify(methods.agent.session.cancel, { sessionId: session })).catch(() => undefined);
    },
    refused: guard.refused,
    close() {
      closed = true;
      void guard.close();
      rmSync(options.socketPath, { force: true });
      accepted?.destroy();
    },
  };
}

/** The promise gives the first connection with the token, and at that moment the socket file is gone. */
async function listen(at: SocketPlace): Promise<{ guard: GuardedSocket; socket: Promise<Socket> }> {
  const guard = createGuardedSocket(at);
  let taken = false;
  let give: (socket: Socket) => void = () => undefined;
  const socket = new Promise<Socket>((resolve) => (give = resolve));
  const server = createServer((one) => guard.take(one, () => {
    if (taken) return void one.destroy();
    taken = true;
    server.close();
    rmSync(at.socketPath, { force: true });
    return give(one);
  }));
  server.maxConnections = 16;
  await guard.listen(server);
  return { guard, socket };
}

function connect(socket: Socket, options: FrameOptions): ClientConnection {
  return client({ name: "bulkhead" })
    .onRequest(methods.client.session.requestPermission, ({ params }) => {
      const no = params.options.find((option) => option.kind === "reject_once") ?? params.options.find((option) => option.kind === "reject_always");
      return { outcome: no ? { outcome: "selected", optionId: no.optionId } : { outcome: "cancelled" } };
    })
    .connect(frameStream(socket, options));
}

function within<T>(work: Promise<T>, time: number | undefined): Promise<T> {
  if (time === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => void (timer = setTimeout(() => reject(new Error(unsettled)), time)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const reasonSchema = z.looseObject({ reason: z.enum(["model-failed", "no-key"]) });

/** An agent's own error text is shown, made harmless and short; only two codes of ours may be named by it. */
function problemOf(error: unknown): Outcome<never> {
  if (error instanceof RequestError) {
    const reason = reasonSchema.safeParse(error.data);
    return failed(reason.success ? reason.data.reason : "agent-failed", visible(error.message, 500));
  }
  const message = error instanceof Error && error.message === unsettled ? unsettled : "The connection to the agent ended.";
  return failed("agent-failed", message, "Send the message again: the agent is started anew.");
}
