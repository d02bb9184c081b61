/** A conversation as the page and the command line see it. */
import { z } from "zod";
import { grantSchema } from "./grant.ts";

export const modelChoiceSchema = z.string().regex(/^(practice|anthropic\/[A-Za-z0-9._:-]+)$/);

export const conversationSchema = z.object({
  /** [a-z0-9]{12} */
  id: z.string(),
  title: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  model: modelChoiceSchema,
  /** Site rules in their command-line form, HOST or HOST:PORT. */
  sites: z.array(z.string()),
  grants: z.array(grantSchema),
  /** Grants taken back whose staged changes still wait for a person. Not mounted any more. */
  returned: z.array(grantSchema).default([]),
});
export type Conversation = z.infer<typeof conversationSchema>;

export const planEntrySchema = z.object({ content: z.string(), status: z.enum(["pending", "in_progress", "completed"]) });
export const stepSchema = z.object({
  id: z.string(), tool: z.string(), title: z.string(),
  status: z.enum(["pending", "in_progress", "completed", "failed"]),
  /** What the tool returned, shortened to 4,000 characters. */
  output: z.string().optional(),
});
export type Step = z.infer<typeof stepSchema>;
export type PlanEntry = z.infer<typeof planEntrySchema>;

/** One message of the transcript. An agent's message holds its parts in the order in which they came. */
export const partSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("plan"), entries: z.array(planEntrySchema) }),
  z.object({ type: z.literal("step"), step: stepSchema }),
]);
export type Part = z.infer<typeof partSchema>;
export const messageSchema = z.object({
  id: z.string(),
  turn: z.string(),
  role: z.enum(["person", "agent"]),
  at: z.string(),
  parts: z.array(partSchema),
  /** For an agent's message: how its turn ended; absent while it runs. */
  ended: z.enum(["settled", "cancelled", "failed"]).optional(),
  problem: z.string().optional(),
});
export type Message = z.infer<typeof messageSchema>;

/** What streams to the page while a turn runs; folded into messages by `applyUpdate` on both sides. */
export const turnUpdateSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("plan"), entries: z.array(planEntrySchema) }),
  z.object({ type: z.literal("step"), step: stepSchema }),
]);
export type TurnUpdate = z.infer<typeof turnUpdateSchema>;

/** Pure fold of one update into an agent's message: text grows, a plan is replaced, a step is updated by id. */
export function applyUpdate(message: Message, update: TurnUpdate): Message {
  const parts = message.parts;
  if (update.type === "text") {
    const last = parts.at(-1);
    if (last?.type === "text") return { ...message, parts: [...parts.slice(0, -1), { type: "text", text: last.text + update.text }] };
    return { ...message, parts: [...parts, update] };
  }
  const same = parts.findIndex((part) => part.type === update.type && (part.type !== "step" || update.type !== "step" || part.step.id === update.step.id));
  if (same < 0) return { ...message, parts: [...parts, update] };
  return { ...message, parts: parts.map((part, index) => (index === same ? update : part)) };
}
