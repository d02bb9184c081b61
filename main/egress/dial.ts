/**
 * From a host that a rule allowed to a connection. A host is resolved once, every address it has is checked, and a checked address is the
 * one dialled: no second lookup in between. One address that may not be reached refuses the host, whatever the others are.
 */
import { lookup } from "node:dns/promises";
import { Agent, type RequestOptions } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { checkAddress } from "./address.ts";
import { refuse, upstreamFailed, type Refusal } from "./refusal.ts";

/** All addresses of a name; rejects where there are none. */
export type Resolve = (name: string) => Promise<string[]>;
type Resolved = { ok: true; addresses: string[] } | { ok: false; refusal: Refusal };

const lookupMs = 10_000;
const connectMs = 5_000;
const mostAddresses = 4;

export const resolveBySystem: Resolve = async (name) => (await lookup(name, { all: true, order: "verbatim" })).map((found) => found.address);

const ownAddresses = (): string[] => Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address.replace(/%.*$/, "")));

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("timed out")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `host` already matched a rule: a name that no rule names is never looked up. */
export async function resolveChecked(host: string, resolve: Resolve): Promise<Resolved> {
  let addresses: string[];
  try {
    addresses = isIP(host) > 0 ? [host] : await within(lookupMs, resolve(host));
  } catch {
    return { ok: false, refusal: upstreamFailed(`${host} was not found`) };
  }
  if (addresses.length === 0) return { ok: false, refusal: upstreamFailed(`${host} was not found`) };
  const own = isIP(host) > 0 ? [] : ownAddresses();
  for (const address of addresses) {
    const checked = checkAddress(address, host, own);
    if (!checked.ok) return { ok: false, refusal: refuse("address-not-allowed", `${host} leads to ${address}, which is not on the internet (${checked.found}); only a rule that names that address itself allows it`) };
  }
  return { ok: true, addresses: addresses.slice(0, mostAddresses) };
}

/** Connects to the first checked address that answers. Rejects where none does. */
export async function dial(addresses: readonly string[], port: number, allowHalfOpen: boolean): Promise<Socket> {
  let last: unknown = new Error("no address");
  for (const address of addresses) {
    try {
      return await dialOne({ host: address, port, allowHalfOpen, noDelay: true });
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

function dialOne(options: { host: string; port: number; allowHalfOpen: boolean; noDelay: boolean }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (isIP(options.host) === 0) return reject(new Error("not an address")); // Nothing but a checked address is dialled.
    const socket = connect(options);
    const timer = setTimeout(() => socket.destroy(new Error("timed out")), connectMs);
    socket.once("error", reject);
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error("closed"));
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      resolve(socket);
    });
    return undefined;
  });
}

export interface CheckedRequest extends RequestOptions { checked: readonly string[]; target: { host: string; port: number } }

/** Trusted for upstreams: the system's roots, Node's, and what the caller names. Made once, on first use. */
export function createTrust(roots: readonly string[]): () => SecureContext {
  let context: SecureContext | undefined;
  return () => (context ??= createSecureContext({ ca: [...new Set([...trustedRoots(), ...roots])], minVersion: "TLSv1.2" }));
}

export function trustedRoots(): string[] {
  return [...new Set([...getCACertificates("system"), ...getCACertificates("default")])];
}

/** A pool of connections to checked addresses; with `trust`, verified TLS on top. A pooled connection serves one host and port only. */
export function createPool(options: { keepAlive: boolean; trust?: () => SecureContext }): Agent {
  const agent = new Agent({ keepAlive: options.keepAlive, maxFreeSockets: 64 });
  agent.createConnection = (given, callback) => {
    const request = given as unknown as CheckedRequest;
    const opened: Promise<Socket> = dial(request.checked, request.target.port, false).then((socket) => (options.trust ? secure(socket, request.target.host, options.trust()) : socket));
    opened.then((socket) => callback?.(null, socket), (error: Error) => callback?.(error, undefined as never));
    return undefined;
  };
  return agent;
}

function secure(socket: Socket, host: string, secureContext: SecureContext): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const name = isIP(host) > 0 ? {} : { servername: host };
    const secured = connectTls({ socket, host, ...name, secureContext, ALPNProtocols: ["http/1.1"], rejectUnauthorized: true });
    const timer = setTimeout(() => secured.destroy(new Error("timed out")), connectMs * 2);
    secured.once("error", reject);
    secured.once("close", () => {
      clearTimeout(timer);
      reject(new Error("closed"));
    });
    secured.once("secureConnect", () => {
      clearTimeout(timer);
      secured.off("error", reject);
      if (secured.authorized) return resolve(secured);
      secured.destroy();
      return reject(new Error("not authorized"));
    });
  });
}
