/**
 * The one API behind every door. A call without a schema cannot exist; inputs are parsed before anything is done.
 * Frames: {id, call, input} → {id, output} | {id, problem}; pushes: {push, …}. One JSON text per frame.
 */
import { z } from "zod";
import { applyReportSchema, stagedChangeSchema } from "./change.ts";
import { conversationSchema, messageSchema, modelChoiceSchema, turnUpdateSchema } from "./conversation.ts";
import { feedEventSchema } from "./event.ts";
import { accessSchema, grantSchema, lastingSchema } from "./grant.ts";
import { problemSchema } from "./problem.ts";
import { proofSchema } from "./proof.ts";
import { settingsSchema } from "./settings.ts";

const id = z.string().regex(/^[a-z0-9]{12}$/);
const nothing = z.object({});
const of = z.object({ conversation: id });

export const checkSchema = z.object({ name: z.string(), ok: z.boolean(), why: z.string(), mend: z.string().optional() });
export type Check = z.infer<typeof checkSchema>;

export const folderEntrySchema = z.object({ name: z.string(), path: z.string(), folder: z.boolean() });

/** What is known about a folder before it is granted: shown on the card. Counting stops at 10,000 entries. */
export const folderFactsSchema = z.object({
  path: z.string(), name: z.string(), files: z.number(), bytes: z.number(), counted: z.boolean(),
  /** Names (not contents) that look sensitive: keys, .env, mailboxes; at most 20. */
  sensitive: z.array(z.string()),
  problem: problemSchema.optional(),
});
export type FolderFacts = z.infer<typeof folderFactsSchema>;

export const conversationStateSchema = z.object({
  conversation: conversationSchema,
  messages: z.array(messageSchema),
  running: z.boolean(),
  /** Containment in words for the status mark. */
  containment: z.object({ state: z.enum(["ready", "contained", "impossible"]), message: z.string() }),
});
export type ConversationState = z.infer<typeof conversationStateSchema>;

const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output });

export const calls = {
  "conversation.list": call(nothing, z.array(conversationSchema)),
  "conversation.create": call(nothing, conversationSchema),
  "conversation.open": call(of, conversationStateSchema),
  "conversation.rename": call(of.extend({ title: z.string().min(1).max(200) }), conversationSchema),
  "conversation.delete": call(of, nothing),
  "conversation.setModel": call(of.extend({ model: modelChoiceSchema }), conversationSchema),
  "turn.send": call(of.extend({ text: z.string().min(1).max(200_000) }), z.object({ turn: z.string() })),
  "turn.stop": call(of, z.object({ ms: z.number() })),
  "turn.pause": call(of, nothing),
  "turn.resume": call(of, nothing),
  "folder.browse": call(z.object({ path: z.string().optional() }), z.object({ path: z.string(), parent: z.string().optional(), entries: z.array(folderEntrySchema) })),
  "folder.pick": call(nothing, z.object({ path: z.string().optional(), browse: z.boolean() })),
  "folder.facts": call(z.object({ path: z.string() }), folderFactsSchema),
  "grant.give": call(of.extend({ path: z.string(), access: accessSchema, lasting: lastingSchema }), grantSchema),
  "grant.revoke": call(of.extend({ grant: z.string() }), nothing),
  "site.add": call(of.extend({ rule: z.string() }), conversationSchema),
  "site.remove": call(of.extend({ rule: z.string() }), conversationSchema),
  "changes.list": call(of, z.array(stagedChangeSchema)),
  "changes.apply": call(of.extend({ paths: z.array(z.string()).optional() }), applyReportSchema),
  "changes.discard": call(of.extend({ paths: z.array(z.string()).optional() }), applyReportSchema),
  "feed.page": call(of.extend({ before: z.number().optional(), limit: z.number().int().min(1).max(1000), kinds: z.array(z.string()).optional(), outcome: z.string().optional(), text: z.string().max(200).optional() }),
    z.object({ events: z.array(feedEventSchema), total: z.number() })),
  "feed.verify": call(of, z.object({ ok: z.boolean(), message: z.string() })),
  "settings.get": call(nothing, settingsSchema),
  "settings.set": call(settingsSchema.partial(), settingsSchema),
  "secret.state": call(nothing, z.object({ keychain: z.enum(["ready", "locked", "absent"]), names: z.array(z.string()) })),
  "secret.set": call(z.object({ name: z.string().regex(/^[a-z0-9-]+$/), value: z.string().min(1).max(10_000) }), nothing),
  "secret.remove": call(z.object({ name: z.string().regex(/^[a-z0-9-]+$/) }), nothing),
  "doctor.run": call(nothing, z.array(checkSchema)),
  "prove": call(z.object({ conversation: id.optional() }), proofSchema),
} as const;

export type CallName = keyof typeof calls;
export type CallInput<N extends CallName> = z.input<(typeof calls)[N]["input"]>;
export type CallOutput<N extends CallName> = z.output<(typeof calls)[N]["output"]>;

export const pushSchema = z.discriminatedUnion("push", [
  z.object({ push: z.literal("feed"), events: z.array(feedEventSchema) }),
  z.object({ push: z.literal("update"), conversation: z.string(), turn: z.string(), updates: z.array(turnUpdateSchema) }),
  /** A conversation, its messages or its staged changes changed: fetch again. */
  z.object({ push: z.literal("changed"), conversation: z.string(), what: z.enum(["conversation", "messages", "changes"]) }),
  z.object({ push: z.literal("terminal"), conversation: z.string(), text: z.string() }),
]);
export type Push = z.infer<typeof pushSchema>;

export const requestSchema = z.object({ id: z.number().int(), call: z.enum(Object.keys(calls) as [CallName, ...CallName[]]), input: z.unknown() });

/** The core as every door sees it. `call` never throws: a bug becomes a Problem `internal`, its cause stays in the log. */
export interface Core {
  call(name: CallName, input: unknown): Promise<{ output: unknown } | { problem: z.infer<typeof problemSchema> }>;
  subscribe(listener: (push: Push) => void): () => void;
  close(): Promise<void>;
}
