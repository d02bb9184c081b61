/**
 * The feed's events. One closed list; every event is `observed` (the host saw it itself) or `claimed` (the agent said it).
 * Strings from the agent, files or the net are data: they are stored as they came and made visible where they are shown.
 */
import { z } from "zod";
import { accessSchema } from "./grant.ts";
import { changeKindSchema } from "./change.ts";

const count = z.number().int().nonnegative();

/** Which limit was reached, and what its numbers count. */
export const limitNames = ["processes", "memory", "cpu-time", "wall-time", "open-files", "file-size", "private-area", "staging-bytes", "staging-files", "disk-free"] as const;
export type LimitName = (typeof limitNames)[number];
export const limitHitSchema = z.object({
  limit: z.enum(limitNames), used: z.number().nonnegative(), allowed: z.number().nonnegative(), unit: z.enum(["processes", "bytes", "seconds", "files"]),
  /** `ended`: all of the sandbox; `frozen`: until a person lets it go on or stops it; `refused`: the kernel gave no more, the sandbox goes on. */
  action: z.enum(["ended", "frozen", "refused"]),
});
export type LimitHit = z.infer<typeof limitHitSchema>;
/** Who holds the tree's totals: a control group of the kernel, or limits per process and the host's own watch. */
export const limitTiers = ["cgroup", "rlimit"] as const;
export type LimitTier = (typeof limitTiers)[number];

/** kind → what its `detail` holds. */
export const eventDetails = {
  "conversation.started": z.object({ title: z.string().optional() }),
  "conversation.deleted": z.object({ id: z.string(), events: count, firstHash: z.string(), lastHash: z.string() }),
  "message.sent": z.object({ text: z.string() }),
  "turn.started": z.object({}),
  "turn.settled": z.object({ text: z.string().optional() }),
  "sandbox.started": z.object({ backend: z.enum(["bubblewrap", "seatbelt"]), pid: count, ms: z.number(), command: z.string().optional(), limits: z.enum(limitTiers).optional() }),
  "sandbox.limit": limitHitSchema,
  "sandbox.ended": z.object({ code: z.number().int().nullable(), signal: z.string().optional() }),
  "sandbox.refused": z.object({ message: z.string(), mend: z.string().optional() }),
  "process.started": z.object({ pid: count, command: z.string() }),
  "process.ended": z.object({ pid: count, command: z.string() }),
  "file.staged": z.object({ path: z.string(), from: z.string().optional(), change: changeKindSchema, bytes: count }),
  "change.applied": z.object({ path: z.string(), change: changeKindSchema, bytes: count, set: z.string() }),
  "change.discarded": z.object({ path: z.string(), change: changeKindSchema }),
  "tool.called": z.object({ id: z.string(), tool: z.string(), summary: z.string(), status: z.enum(["pending", "in_progress", "completed", "failed"]) }),
  "model.called": z.object({ provider: z.string(), model: z.string(), inputTokens: count, outputTokens: count, ms: z.number() }),
  "network.requested": z.object({
    host: z.string(), port: count, method: z.string().optional(), path: z.string().optional(),
    bytesOut: count, bytesIn: count, rule: z.string().optional(),
  }),
  "secret.used": z.object({ name: z.string(), host: z.string() }),
  "grant.given": z.object({ path: z.string(), access: accessSchema, grant: z.string() }),
  "grant.refused": z.object({ path: z.string(), access: accessSchema }),
  "grant.revoked": z.object({ path: z.string(), access: accessSchema, grant: z.string() }),
  "approval.asked": z.object({ id: z.string(), question: z.string() }),
  "approval.answered": z.object({ id: z.string(), answer: z.string() }),
  "feed.damaged": z.object({ message: z.string() }),
} as const;

export type EventKind = keyof typeof eventDetails;
export const eventKinds = Object.keys(eventDetails) as EventKind[];

/** Why something was refused or failed: a closed list. */
export const reasons = [
  "no-rule", "address-not-allowed", "bad-request", "secret-host-mismatch", "upstream-failed", "protected-path", "folder-too-broad",
  "folder-is-key-store", "folder-is-home", "folder-is-other-home", "folder-is-ours", "folder-missing", "folder-not-a-folder",
  "folder-unreadable", "folder-changed", "bad-path", "no-containment", "stopped-by-person", "time-was-up", "limit", "agent-crashed",
  "agent-malformed", "model-failed", "no-key", "disk-full", "conflict", "person-said-no", "cancelled", "interrupted",
] as const;
export type Reason = (typeof reasons)[number];

const common = {
  /** Position within the conversation's chain, from 1. */
  seq: z.number().int().positive(),
  /** ISO 8601, UTC, milliseconds. */
  at: z.string(),
  /** The conversation's id; "app" for the app's own chain. */
  conversation: z.string(),
  turn: z.string().optional(),
  actor: z.enum(["person", "agent", "host"]),
  evidence: z.enum(["observed", "claimed"]),
  outcome: z.enum(["allowed", "refused", "asked", "done", "failed"]),
  reason: z.enum(reasons).optional(),
  /** SHA-256 (hex) over the previous event's hash and this event's canonical JSON without `hash`. */
  hash: z.string(),
};

type Details = { [K in EventKind]: z.infer<(typeof eventDetails)[K]> };
type Common = z.infer<z.ZodObject<typeof common>>;
export type FeedEvent = { [K in EventKind]: Common & { kind: K; detail: Details[K] } }[EventKind];
/** What a room hands to `record`: the feed adds seq, at and hash. */
export type EventDraft = { [K in EventKind]: Omit<Common, "seq" | "at" | "hash"> & { kind: K; detail: Details[K] } }[EventKind];

export const feedEventSchema = z.object({ ...common, kind: z.enum(eventKinds as [EventKind, ...EventKind[]]), detail: z.unknown() })
  .transform((event, context): FeedEvent => {
    const detail = eventDetails[event.kind].safeParse(event.detail);
    if (!detail.success) {
      context.addIssue({ code: "custom", message: `detail of ${event.kind}: ${detail.error.message}` });
      return z.NEVER;
    }
    return { ...event, detail: detail.data } as FeedEvent;
  });

/** Records one draft; returns the stored event. Throws on a full disk or a damaged database (Problem in `cause`). */
export type Record = (draft: EventDraft) => FeedEvent;
