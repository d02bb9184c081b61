/** Turns `session/update` notifications, which are claims of an untrusted program, into turn updates and claims of the feed. */
import { z } from "zod";
import type { Step, TurnUpdate } from "../../protocol/conversation.ts";

export interface Claim {
  id: string;
  tool: string;
  summary: string;
  status: Step["status"];
}

export interface UpdateListener {
  onUpdate(update: TurnUpdate): void;
  onClaim(claim: Claim): void;
  onMalformed(message: string): void;
}

const mostSteps = 10_000;
/** Of one turn: what goes beyond is dropped and told once. */
const mostText = 4 << 20;
const mostUpdates = 200_000;
const mostOutput = 4000;
const status = z.enum(["pending", "in_progress", "completed", "failed"]);
const block = z.looseObject({ type: z.string(), text: z.string().optional() });
const content = z.array(z.looseObject({ type: z.string(), content: block.optional() }));
const call = { toolCallId: z.string().max(200), title: z.string().nullish(), kind: z.string().nullish(), status: status.nullish(), content: content.nullish(), _meta: z.looseObject({ tool: z.string().optional() }).nullish() };
const updateSchema = z.discriminatedUnion("sessionUpdate", [
  z.object({ sessionUpdate: z.literal("agent_message_chunk"), content: block }),
  z.object({ sessionUpdate: z.literal("plan"), entries: z.array(z.object({ content: z.string(), status: z.enum(["pending", "in_progress", "completed"]) })).max(200) }),
  z.object({ sessionUpdate: z.literal("tool_call"), ...call }),
  z.object({ sessionUpdate: z.literal("tool_call_update"), ...call }),
]);
type ToolUpdate = Extract<z.infer<typeof updateSchema>, { toolCallId: string }>;
const known = new Set(["agent_message_chunk", "plan", "tool_call", "tool_call_update"]);
const frameSchema = z.looseObject({ update: z.looseObject({ sessionUpdate: z.string() }) });

export interface Updates {
  receive(parameters: unknown): void;
  /** A new turn: its bounds are counted from here. */
  begin(): void;
}

/** Receives one connection's notifications. Kinds this version does not know (thoughts, modes) are left out silently. */
export function createUpdates(listener: UpdateListener): Updates {
  const steps = new Map<string, Step>();
  let spent = { text: 0, updates: 0, told: false };
  const within = (text: number): boolean => {
    spent.updates++;
    spent.text += text;
    if (spent.updates <= mostUpdates && spent.text <= mostText) return true;
    if (!spent.told) listener.onMalformed("The agent said more in one turn than a turn may hold; the rest is left out.");
    spent.told = true;
    return false;
  };
  const malformed = (message: string): void => void (within(mostText / 100) && listener.onMalformed(message));
  const receive = (params: unknown): void => {
    const frame = frameSchema.safeParse(params);
    if (spent.told) return;
    if (!frame.success) return malformed("The agent sent an update without a kind.");
    if (!known.has(frame.data.update.sessionUpdate)) return;
    const parsed = updateSchema.safeParse(frame.data.update);
    if (!parsed.success) return malformed(`The agent sent an update that does not fit the protocol: ${z.prettifyError(parsed.error).slice(0, 300)}`);
    const update = parsed.data;
    if (!within(update.sessionUpdate === "agent_message_chunk" ? (update.content.text?.length ?? 0) : 0)) return;
    if (update.sessionUpdate === "agent_message_chunk") {
      if (update.content.text) listener.onUpdate({ type: "text", text: update.content.text });
    } else if (update.sessionUpdate === "plan") {
      listener.onUpdate({ type: "plan", entries: update.entries });
    } else {
      receiveStep(steps, update, listener);
    }
  };
  return { receive, begin: () => void (spent = { text: 0, updates: 0, told: false }) };
}

function receiveStep(steps: Map<string, Step>, update: ToolUpdate, listener: UpdateListener): void {
  const before = steps.get(update.toolCallId);
  if (!before && steps.size >= mostSteps) return;
  const output = outputOf(update) ?? before?.output;
  const step: Step = {
    id: update.toolCallId,
    tool: (update._meta?.tool ?? before?.tool ?? update.kind ?? "tool").slice(0, 100),
    title: (update.title ?? before?.title ?? update.toolCallId).slice(0, 500),
    status: update.status ?? before?.status ?? "pending",
    ...(output === undefined ? {} : { output }),
  };
  steps.set(step.id, step);
  listener.onUpdate({ type: "step", step });
  if (before?.status !== step.status) listener.onClaim({ id: step.id, tool: step.tool, summary: step.title, status: step.status });
}

function outputOf(update: ToolUpdate): string | undefined {
  if (!update.content) return undefined;
  const text = update.content.flatMap((part) => (part.content?.text === undefined ? [] : [part.content.text])).join("\n");
  return text.length <= mostOutput ? text : `${text.slice(0, mostOutput - 2)} …`;
}
