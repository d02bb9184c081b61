/** A real broker on a real unix socket, and bare clients that say exactly what a test wants said. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { EventDraft, FeedEvent } from "../../protocol/event.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import type { Rule, SecretBinding } from "../../protocol/rule.ts";
import { startEgress, type EgressOptions } from "../../main/egress/egress.ts";
import { parseRule } from "../../main/egress/rule.ts";
import { greeted, token } from "../greeted.ts";

export function rule(text: string): Rule {
  const parsed = parseRule(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.value;
}

export interface Proxied { socketPath: string; events: EventDraft[]; rules: Rule[]; trustBundle: string | undefined; refused(): number; close(): Promise<void> }
export interface Wishes { rules?: readonly string[]; secrets?: readonly SecretBinding[]; values?: { [name: string]: string }; options?: Partial<EgressOptions>; /** In place of a directory of its own. */ socketPath?: string }

export async function proxied(wishes: Wishes): Promise<Proxied> {
  const directory = mkdtempSync(join(tmpdir(), "egress-"));
  const events: EventDraft[] = [];
  const rules = (wishes.rules ?? []).map(rule);
  const lend = <T>(name: string, use: (value: string) => T): Outcome<T> => {
    const value = wishes.values?.[name];
    return value === undefined ? failed("no-key", `no ${name}`) : done(use(value));
  };
  const socketPath = wishes.socketPath ?? join(directory, "egress.sock");
  const egress = await startEgress({
    at: { socketPath, token }, conversation: "conversation", turn: () => "turn", rules: () => rules, secrets: wishes.secrets ?? [], lend,
    record: (draft) => {
      events.push(draft);
      return draft as FeedEvent;
    },
    ...wishes.options,
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= egress.close());
  onTestFinished(async () => {
    await close();
    rmSync(directory, { recursive: true });
  });
  return { socketPath, events, rules, trustBundle: egress.trustBundle, refused: egress.refused, close };
}

export async function listening(server: Server | ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

export interface Sink { port: number; heads: string[][]; bodies: string[]; connections: number }

/** A web server that keeps all it was sent. */
export async function webServer(answer?: (request: IncomingMessage, response: ServerResponse, body: string) => void): Promise<Sink> {
  const sink: Sink = { port: 0, heads: [], bodies: [], connections: 0 };
  const server = createHttp((request, response) => {
    sink.heads.push([`${request.method} ${request.url}`, ...request.rawHeaders]);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("latin1");
      sink.bodies.push(body);
      if (answer) answer(request, response, body);
      else response.end("hello from upstream");
    });
  });
  server.on("connection", () => (sink.connections += 1));
  sink.port = await listening(server);
  return sink;
}

/** Sends `text` as it is; resolves with all that came back until the other end closed or `until` was seen. */
export function say(socketPath: string, text: string | Buffer, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = greeted(socketPath);
    let back = "";
    const timer = setTimeout(() => socket.destroy(new Error(`nothing more after: ${back}`)), 5000);
    socket.on("data", (chunk) => {
      back += chunk.toString("latin1");
      if (until !== undefined && back.includes(until)) socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" || error.code === "EPIPE" ? undefined : reject(error)));
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(back);
    });
    socket.write(text);
  });
}

/** The events as one compares them: kind, outcome, reason and the parts of the detail that are stable. */
export const brief = (events: readonly EventDraft[]): unknown[] =>
  events.map((event) => {
    if (event.kind === "secret.used") return [event.kind, event.outcome, event.detail];
    if (event.kind !== "network.requested") return [event.kind];
    const { host, port, method, path } = event.detail;
    return [event.outcome, event.reason, `${method} ${host}:${port}${path ?? ""}`];
  });

export async function waitFor(what: () => boolean): Promise<void> {
  for (let left = 100; left > 0 && !what(); left--) await new Promise((resolve) => setTimeout(resolve, 20));
  if (!what()) throw new Error("did not happen in 2 s");
}
