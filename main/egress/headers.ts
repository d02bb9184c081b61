/** Headers as they go on: only end-to-end ones, order and spelling kept, flat (name, value, name, value …). Pure. */
import { valuesOf } from "./target.ts";

const hop = new Set(["connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "proxy-authentication-info", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "expect"]);

export function endToEnd(rawHeaders: readonly string[], also: readonly string[] = []): string[] {
  const named = valuesOf(rawHeaders, "connection").flatMap((value) => value.toLowerCase().split(",")).map((name) => name.trim());
  const dropped = new Set([...hop, ...named, ...also]);
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    if (!dropped.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/** Bytes of a head as it travels: first line, headers, empty line. */
export function headBytes(firstLine: string, flat: readonly string[]): number {
  // Each pair adds ": " and a line end.
  return firstLine.length + 2 + flat.reduce((sum, text) => sum + text.length + 2, 0) + 2;
}
