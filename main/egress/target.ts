/**
 * What a request asks for, read from its first line and headers. Pure. Everything ambiguous is an error text, never a guess:
 * two Host headers, a Host that differs from the target, user names, fragments, odd bytes, unknown framing.
 */
import { parseHostPort, type HostPort } from "./host.ts";

interface Target { host: string; port: number; path: string }
type Read = { ok: true; target: Target } | { ok: false; why: string; host?: string; port?: number; path?: string };

export interface Heads { method: string; url: string; rawHeaders: readonly string[]; httpVersion: string }

const no = (why: string): Read => ({ ok: false, why });

/** Values of all headers called `name` (lower case). */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** A plain request to the proxy: `http://HOST[:PORT]/PATH`, nothing else. */
export function readAbsolute(heads: Heads): Read {
  const parts = /^http:\/\/([^/?]*)([/?].*)?$/i.exec(heads.url);
  if (!parts) return no(/^https:/i.test(heads.url) ? "https goes through CONNECT" : "the request names no http:// address: this is a proxy, not a web server");
  const authority = parseHostPort(parts[1] ?? "");
  if (!authority.ok) return no(authority.problem.message);
  const path = parts[2] ?? "/";
  return finish(heads, authority.value, { defaultPort: 80, path: path.startsWith("?") ? `/${path}` : path });
}

/** CONNECT HOST:PORT. */
export function readConnect(heads: Heads): Read {
  const authority = parseHostPort(heads.url);
  if (!authority.ok) return no(authority.problem.message);
  if (authority.value.port === undefined) return no("CONNECT without a port");
  if (heads.rawHeaders.some((name, index) => index % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name))) return no("CONNECT with a body");
  return finish(heads, authority.value, { defaultPort: authority.value.port, path: "" });
}

/** A request inside an opened tunnel: `/PATH`, and a Host that is the tunnel's. */
export function readInner(heads: Heads, tunnel: { host: string; port: number; tls: boolean }): Read {
  if (!heads.url.startsWith("/")) return no("inside a tunnel a request names a path only");
  const host: HostPort["host"] = { name: tunnel.host, kind: "name" };
  return finish(heads, { host, port: tunnel.port }, { defaultPort: tunnel.tls ? 443 : 80, path: heads.url });
}

function finish(heads: Heads, authority: HostPort, rest: { defaultPort: number; path: string }): Read {
  const host = authority.host.name;
  const port = authority.port ?? rest.defaultPort;
  const bad = (why: string): Read => ({ ok: false, why, host, port, ...(rest.path === "" ? {} : { path: rest.path }) });
  if (!/^[\x21\x22\x24-\x7e\x80-\xff]*$/.test(rest.path)) return bad("the path holds a fragment, a space or a control character");
  if (heads.rawHeaders.some((text) => /[\0\r\n]/.test(text))) return bad("a header holds NUL or a line break");
  const hosts = valuesOf(heads.rawHeaders, "host");
  if (hosts.length > 1) return bad("more than one Host header");
  if (hosts.length === 0 && heads.httpVersion !== "1.0" && heads.method !== "CONNECT") return bad("no Host header");
  if (hosts[0] !== undefined) {
    const said = parseHostPort(hosts[0]);
    if (!said.ok || said.value.host.name !== host || (said.value.port ?? rest.defaultPort) !== port) return bad("the Host header is not the host that is asked for");
  }
  const framing = framingProblem(heads.rawHeaders);
  return framing === undefined ? { ok: true, target: { host, port, path: rest.path } } : bad(framing);
}

function framingProblem(rawHeaders: readonly string[]): string | undefined {
  const lengths = valuesOf(rawHeaders, "content-length");
  const codings = valuesOf(rawHeaders, "transfer-encoding");
  if (lengths.length + codings.length > 1) return "its length is given more than once";
  if (lengths[0] !== undefined && !/^\d{1,15}$/.test(lengths[0])) return "its length is no number";
  if (codings[0] !== undefined && codings[0].toLowerCase() !== "chunked") return "its transfer coding is not chunked";
  return undefined;
}
