/** The hash chain: each event's hash covers the hash before it and the event's canonical JSON without `hash`. Pure. */
import { hash } from "node:crypto";

export const firstHash = "0".repeat(64);

/** SHA-256, hex, over the previous hash and the canonical text. */
export function chainHash(previous: string, canonical: string): string {
  return hash("sha256", `${previous}\n${canonical}`);
}

/** JSON with sorted keys, so that the same event has the same text wherever it was made. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value));

/** The same value with its keys in order; each text in it (not a key) as `onText` gives it back. */
export function sorted(value: unknown, onText?: (text: string) => string): unknown {
  if (typeof value === "string") return onText ? onText(value) : value;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((one) => sorted(one, onText));
  const source = value as { [name: string]: unknown };
  const target: { [name: string]: unknown } = {};
  // Assigned in order: JSON.stringify writes keys as they were made, and leaves out what is undefined.
  for (const name of Object.keys(source).sort()) if (source[name] !== undefined) target[name] = sorted(source[name], onText);
  return target;
}
