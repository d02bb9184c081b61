/** A failure as it crosses a border. `code` is from a closed list; `message` says what happened, what is safe and what to do next. */
import { z } from "zod";

export const problemCodes = [
  "bad-input", "not-found", "refused-folder", "no-containment", "launch-failed", "agent-failed", "limit-reached", "model-failed", "no-key",
  "no-keychain", "busy", "disk-full", "damaged", "not-in-this-version", "stopped", "internal",
] as const;

export const problemSchema = z.object({ code: z.enum(problemCodes), message: z.string(), mend: z.string().optional() });
export type ProblemCode = (typeof problemCodes)[number];
export type Problem = z.infer<typeof problemSchema>;

/** The result of something that may be refused. Outcomes are values; bugs throw. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; problem: Problem };

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });

export function failed(code: ProblemCode, message: string, mend?: string): { ok: false; problem: Problem } {
  return { ok: false, problem: mend === undefined ? { code, message } : { code, message, mend } };
}

/** Ends an exhausted switch: the type checker proves that it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
