/** The hash chain: each event's hash covers the hash before it and the event's canonical JSON without `hash`. Pure. */
import { createHash } from "node:crypto";

export const firstHash = "0".repeat(64);

/** SHA-256, hex, over the previous hash and the canonical text. */
export function chainHash(previous: string, canonical: string): string {
  return createHash("sha256").update(previous).update("\n").update(canonical).digest("hex");
}

/** JSON with sorted keys, so that the same event has the same text wherever it was made. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, one]) => one !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(",")}}`;
}
