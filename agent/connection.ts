/** The agent's end of the Agent Client Protocol v1: one session at a time, its history given by the host. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { agent, methods, PROTOCOL_VERSION, RequestError, type AgentApp, type AgentContext, type SessionUpdate } from "@agentclientprotocol/sdk";
import { z } from "zod";
import type { StepUpdate, TurnListener, TurnSession } from "./turn.ts";

const metaSchema = z.looseObject({
  model: z.string().default("practice"),
  folders: z.array(z.object({ path: z.string(), access: z.string() })).default([]),
  history: z.array(z.object({ role: z.enum(["person", "agent"]), text: z.string() })).default([]),
});

interface OpenSession {
  turn: TurnSession;
  running: AbortController | undefined;
}

export function createAgent(options: { modelUrl: string; directory: string }): AgentApp {
  const sessions = new Map<string, OpenSession>();
  return agent({ name: "bulkhead-agent" })
    .onRequest(methods.agent.initialize, () => ({ protocolVersion: PROTOCOL_VERSION, agentCapabilities: { loadSession: false, promptCapabilities: { embeddedContext: true } }, authMethods: [] }))
    .onRequest(methods.agent.authenticate, () => ({}))
    .onRequest(methods.agent.session.new, ({ params }) => {
      const sessionId = randomUUID();
      sessions.set(sessionId, { turn: openTurnSession(params, options), running: undefined });
      return { sessionId };
    })
    .onNotification(methods.agent.session.cancel, ({ params }) => sessions.get(params.sessionId)?.running?.abort())
    .onRequest(methods.agent.session.prompt, async ({ params, client, signal }) => {
      const session = sessions.get(params.sessionId);
      if (!session) throw RequestError.invalidParams(undefined, "There is no such session.");
      if (session.running) throw RequestError.invalidParams(undefined, "A turn is running already.");
      const running = new AbortController();
      session.running = running;
      try {
        const text = params.prompt.map((block) => (block.type === "text" ? block.text : block.type === "resource_link" ? block.uri : "")).filter(Boolean).join("\n");
        const { runTurn } = await import("./turn.ts");
        const stopReason = await runTurn(session.turn, text, { signal: AbortSignal.any([running.signal, signal]), listener: listenerOf(client, params.sessionId) });
        return { stopReason };
      } catch (error) {
        throw modelError(error);
      } finally {
        session.running = undefined;
      }
    });
}

function openTurnSession(params: { cwd: string; _meta?: { [key: string]: unknown } | null | undefined }, options: { modelUrl: string; directory: string }): TurnSession {
  const meta = metaSchema.parse(params._meta ?? {});
  const directory = meta.folders.length > 0 && existsSync(params.cwd) ? params.cwd : options.directory;
  return {
    model: meta.model.replace(/^anthropic\//, ""),
    baseUrl: options.modelUrl, folders: meta.folders, directory, shell: { directory },
    messages: meta.history.filter(({ text }) => text.trim() !== "").map(({ role, text }) => ({ role: role === "person" ? "user" as const : "assistant" as const, content: text })),
  };
}

function listenerOf(client: AgentContext, sessionId: string): TurnListener {
  const begun = new Set<string>();
  const send = (update: SessionUpdate): void => void client.notify(methods.client.session.update, { sessionId, update }).catch(() => undefined);
  return {
    onText: (text) => send({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } }),
    onPlan: (entries) => send({ sessionUpdate: "plan", entries: entries.map((entry) => ({ ...entry, priority: "medium" })) }),
    onStep(step) {
      const fields = stepFields(step);
      send(begun.has(step.id) ? { sessionUpdate: "tool_call_update", ...fields } : { sessionUpdate: "tool_call", ...fields });
      begun.add(step.id);
    },
  };
}

function stepFields({ id, tool, kind, title, status, output }: StepUpdate) {
  return {
    toolCallId: id, title, kind, status, _meta: { tool },
    ...(output === undefined ? {} : { content: [{ type: "content" as const, content: { type: "text" as const, text: output } }] }),
  };
}

const apiError = z.looseObject({ statusCode: z.number().optional(), responseBody: z.string().optional(), message: z.string() });
const bodySchema = z.looseObject({ error: z.looseObject({ type: z.string().optional(), message: z.string() }) });

/** The provider's own words, in one sentence; the host shows them to the person. */
function modelError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  // After a second try the SDK wraps the last failure.
  const last = typeof error === "object" && error !== null && "lastError" in error ? error.lastError : error;
  const known = apiError.safeParse(last instanceof Error ? { ...last, message: last.message } : last);
  const status = known.success ? known.data.statusCode : undefined;
  const body = bodySchema.safeParse(known.success ? parsed(known.data.responseBody) : undefined);
  const why = body.success ? body.data.error.message : known.success ? known.data.message : String(last);
  const reason = status === 401 || (body.success && body.data.error.type === "authentication_error") ? "no-key" : "model-failed";
  return new RequestError(-32000, `The model did not answer${status === undefined ? "" : ` (${status})`}: ${why.slice(0, 400)}`, { reason });
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
