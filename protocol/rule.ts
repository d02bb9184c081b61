/** An egress rule as a capability, and the decision over one request. Later fields (methods, path) are added, never changed. */
import { z } from "zod";
import type { Reason } from "./event.ts";

export const ruleSchema = z.object({
  /** Canonical lower-case host (punycode), or an IP literal in canonical form (IPv6 without brackets). */
  host: z.string(),
  /** Ports; `HOST` without a port means [80, 443]. */
  ports: z.array(z.number().int().min(1).max(65535)),
  /** The text it came from, as the person wrote it. */
  source: z.string(),
});
export type Rule = z.infer<typeof ruleSchema>;

/** A secret bound to one host: inside, the variable holds `placeholder`; the real value goes only towards `host`. */
export const secretBindingSchema = z.object({ name: z.string(), host: z.string(), ports: z.array(z.number()), placeholder: z.string() });
export type SecretBinding = z.infer<typeof secretBindingSchema>;

export type Decision = { outcome: "allowed"; rule: Rule } | { outcome: "refused"; reason: Reason; message: string };
