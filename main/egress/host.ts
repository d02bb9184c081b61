/**
 * One canonical spelling of a host. Matching, dialling, secrets and the feed all use the value made here and no other.
 * Accepts: a DNS name, a dotted-quad IPv4 address, a bracketed IPv6 address. Never guesses: whatever a resolver, a browser
 * and this file could read differently (final dot, other number forms, user names, percent signs, NUL) is refused.
 */
import { isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { visible } from "../base/visible.ts";
import { addressBytes } from "./address.ts";

export interface Host {
  /** Lower case, punycode; IPv6 without brackets. */
  name: string;
  kind: "name" | "ipv4" | "ipv6";
}

export interface HostPort { host: Host; port: number | undefined }

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const quad = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** `text` is one host and nothing else: no port, no scheme. */
export function parseHost(text: string): Outcome<Host> {
  if (text.startsWith("[")) return parseIpv6(text);
  if (quad.test(text)) return done({ name: text, kind: "ipv4" });
  return parseName(text);
}

function parseIpv6(text: string): Outcome<Host> {
  const inner = text.slice(1, -1);
  if (!text.endsWith("]") || inner.includes("%") || inner.includes("]") || !isIPv6(inner)) return bad(text, "is not an IPv6 address in brackets");
  const bytes = addressBytes(inner);
  if (bytes?.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff) return bad(text, "is an IPv4 address in another form: write it as four numbers");
  return done({ name: new URL(`http://[${inner}]`).hostname.slice(1, -1), kind: "ipv6" });
}

function parseName(text: string): Outcome<Host> {
  if (text === "" || text.length > 253) return bad(text, "is empty or too long");
  if (visible(text) !== text) return bad(text, "holds a control or invisible character");
  // Only what IDNA maps; ASCII that a URL parser would treat as syntax is refused before any mapping.
  const odd = [...text].find((character) => character < "\u0080" && !/[A-Za-z0-9._-]/.test(character));
  if (odd !== undefined) return bad(text, `holds ${JSON.stringify(odd)}, which no host name has`);
  const ascii = domainToASCII(text);
  if (ascii === "" || ascii.length > 253) return bad(text, "is not a valid host name");
  const labels = ascii.split(".");
  if (labels.at(-1) === "") return bad(text, "ends with a dot: write it without");
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) return bad(text, "is a number in a form that programs read differently: write an IPv4 address as four decimal numbers");
  if (!labels.every((part) => label.test(part))) return bad(text, "is not a valid host name");
  return done({ name: ascii, kind: "name" });
}

/** `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; the port decimal, 1 to 65535, without leading zeros. */
export function parseHostPort(text: string): Outcome<HostPort> {
  const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/.exec(text);
  if (!parts) return bad(text, "is not HOST or HOST:PORT (an IPv6 address stands in brackets)");
  const host = parseHost(parts[1] ?? "");
  if (!host.ok) return host;
  if (parts[2] === undefined) return done({ host: host.value, port: undefined });
  const port = /^[1-9]\d{0,4}$/.test(parts[2]) ? Number(parts[2]) : 0;
  if (port < 1 || port > 65535) return bad(text, "has no valid port: 1 to 65535");
  return done({ host: host.value, port });
}

/** As it stands in a URL or a Host header: an IPv6 address in brackets. */
export const shown = (host: string): string => (host.includes(":") ? `[${host}]` : host);

function bad(text: string, why: string): ReturnType<typeof failed> {
  return failed("bad-input", `“${visible(text, 120)}” ${why}.`);
}
