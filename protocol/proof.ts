/**
 * The report of `bulkhead prove`: what was tried inside a fresh sandbox, and the same thing tried outside as its control.
 * A control that does not reach makes a line `not-proved`, never `held`: what nobody can do shows nothing about the sandbox.
 */
import { z } from "zod";

export const proofLineIds = [
  "home", "people", "temporary", "run", "own", "keychain", "sockets", "network", "broker", "processes", "shared-memory", "environment", "descriptors",
  "terminal", "namespaces", "mounts", "memory", "kernel-calls", "kernel-settings", "rights", "set-uid", "devices", "limits", "read-folders", "edit-folders",
] as const;
export type ProofLineId = (typeof proofLineIds)[number];

export const proofLineSchema = z.object({
  id: z.enum(proofLineIds),
  /** What the line is about, and in one word or two what holds: «your home: not there». */
  title: z.string(),
  tried: z.string(),
  /** What the probe found inside. */
  inside: z.string(),
  /** What the same probe found outside. */
  control: z.string(),
  verdict: z.enum(["held", "open", "not-proved"]),
  /** Only where it held and the control reached. */
  ok: z.boolean(),
});
export type ProofLine = z.infer<typeof proofLineSchema>;

export const proofMachineSchema = z.object({
  kernel: z.string(), architecture: z.string(), bubblewrap: z.string(), root: z.boolean(),
  /** SHA-256 (hex) of the programs that confine, as they were built. */
  launcher: z.string(), filter: z.string(),
});
export type ProofMachine = z.infer<typeof proofMachineSchema>;

export const proofSchema = z.object({
  /** Of this report's form. */
  version: z.literal(1),
  /** ISO 8601, UTC. */
  date: z.string(),
  machine: proofMachineSchema,
  /** SHA-256 (hex) of the spec that was launched, without what is new in each run. */
  spec: z.string(),
  /** Folders and site rules of the desk that was proved; the conversation where there is one. */
  desk: z.object({ conversation: z.string().optional(), folders: z.array(z.object({ path: z.string(), access: z.enum(["read", "edit"]) })), sites: z.array(z.string()) }),
  ms: z.number(),
  lines: z.array(proofLineSchema),
  summary: z.object({ ok: z.boolean(), held: z.number(), open: z.number(), notProved: z.number() }),
});
export type Proof = z.infer<typeof proofSchema>;
