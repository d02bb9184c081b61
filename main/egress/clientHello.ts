/**
 * Reads the start of a TLS connection: is it a ClientHello, and for which server name? Pure, bounded, never throws.
 * Anything odd (other record versions, other record types, a broken length, two names) is `not-tls`: the caller closes.
 */
import { isIP } from "node:net";
import { parseHost } from "./host.ts";

export type Hello = { state: "more" } | { state: "not-tls" } | { state: "hello"; serverName: string | undefined };

const most = 1 << 16;
const notTls: Hello = { state: "not-tls" };
const more: Hello = { state: "more" };

export function readClientHello(bytes: Buffer): Hello {
  const pieces: Buffer[] = [];
  let have = 0;
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 22) return notTls;
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return notTls;
    const minor = bytes[at + 2];
    if (minor !== undefined && (minor < 1 || minor > 3)) return notTls;
    if (at + 5 > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16384) return notTls;
    const piece = bytes.subarray(at + 5, at + 5 + length);
    pieces.push(piece);
    have += piece.length;
    at += 5 + length;
    const message = Buffer.concat(pieces);
    if (message.length > 0 && message[0] !== 1) return notTls;
    if (message.length < 4) continue;
    const needed = 4 + message.readUIntBE(1, 3);
    if (needed > most) return notTls;
    if (have >= needed) return readBody(message.subarray(4, needed));
  }
  return bytes.length > most * 2 ? notTls : more;
}

function readBody(body: Buffer): Hello {
  try {
    let at = 2 + 32;
    at += 1 + body.readUInt8(at);
    at += 2 + body.readUInt16BE(at);
    at += 1 + body.readUInt8(at);
    if (at === body.length) return { state: "hello", serverName: undefined };
    const end = at + 2 + body.readUInt16BE(at);
    if (end !== body.length) return notTls;
    const names: Buffer[] = [];
    for (at += 2; at < end; ) {
      const type = body.readUInt16BE(at);
      const length = body.readUInt16BE(at + 2);
      if (at + 4 + length > end) return notTls;
      if (type === 0) names.push(body.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    const [name] = names;
    if (!name) return { state: "hello", serverName: undefined };
    if (names.length > 1 || name.readUInt16BE(0) !== name.length - 2 || name.readUInt8(2) !== 0 || name.readUInt16BE(3) !== name.length - 5) return notTls;
    return { state: "hello", serverName: name.subarray(5).toString("latin1") };
  } catch {
    return notTls; // A length that points outside: readUInt… throws.
  }
}

/** A server name must be there and be the host; an address has none. */
export function namesHost(hello: Hello, host: string): boolean {
  if (hello.state !== "hello") return false;
  if (hello.serverName === undefined) return isIP(host) > 0;
  const said = parseHost(hello.serverName);
  return said.ok && said.value.name === host;
}
