/** The decision over one request: pure, exact, and *no* for everything it does not understand. An empty list allows nothing. */
import { ruleSchema, type Decision, type Rule } from "../../protocol/rule.ts";
import { shown } from "./host.ts";

/** `host` in the canonical form of `parseHost`. */
export interface EgressRequest { host: string; port: number }

export function decide(request: EgressRequest, rules: readonly Rule[]): Decision {
  const known: readonly unknown[] = Array.isArray(rules) ? rules : [];
  for (const candidate of known) {
    const rule = ruleSchema.safeParse(candidate);
    if (rule.success && rule.data.host !== "" && rule.data.host === request.host && rule.data.ports.includes(request.port)) return { outcome: "allowed", rule: rule.data };
  }
  return { outcome: "refused", reason: "no-rule", message: `${shown(request.host)}:${request.port} is not among the sites of this conversation` };
}
