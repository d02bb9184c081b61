/** The broker and the gateway of one conversation: their rules, the secrets they may lend, what the sandbox is told about them. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Rule, SecretBinding } from "../../protocol/rule.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import type { SocketPlace } from "../base/guardedSocket.ts";
import { listenLazily } from "../egress/lazyEgress.ts";
import { parseRule } from "../egress/rule.ts";
import type { Rooms } from "./rooms.ts";

export interface Reach {
  rules: readonly Rule[];
  secrets: readonly SecretBinding[];
}

export interface SecretWish {
  name: string;
  /** HOST or HOST:PORT */
  host: string;
}

export function parseRules(texts: readonly string[]): Outcome<Rule[]> {
  const rules: Rule[] = [];
  for (const text of texts) {
    const rule = parseRule(text);
    if (!rule.ok) return rule;
    rules.push(rule.value);
  }
  return done(rules);
}

/** Binds stored secrets to hosts. A secret that is not stored is refused here, before anything runs. */
export async function bindSecrets(rooms: Rooms, wishes: readonly SecretWish[]): Promise<Outcome<SecretBinding[]>> {
  const bindings: SecretBinding[] = [];
  if (wishes.length === 0) return done(bindings);
  const vault = await rooms.vault();
  for (const wish of wishes) {
    const rule = parseRule(wish.host);
    if (!rule.ok) return rule;
    const there = vault.lend(wish.name, () => undefined);
    if (!there.ok) return failed("no-key", `There is no secret named ${wish.name}.`, `printf %s "$VALUE" | bulkhead secret set ${wish.name}`);
    bindings.push({ name: wish.name, host: rule.value.host, ports: rule.value.ports, placeholder: `bulkhead-${randomBytes(18).toString("hex")}` });
  }
  return done(bindings);
}

/** The variables that tell programs inside where they may go. A rule for a loopback literal takes it out of NO_PROXY. */
export function networkEnvironment(reach: Reach): { [name: string]: string } {
  const named = new Set([...reach.rules, ...reach.secrets].map((rule) => rule.host));
  const direct = ["localhost", "127.0.0.1", "::1"].filter((host) => !named.has(host)).join(",");
  const secrets = reach.secrets.map((secret) => [secret.name.toUpperCase().replaceAll("-", "_"), secret.placeholder] as const);
  return { ...Object.fromEntries(secrets), NO_PROXY: direct, no_proxy: direct };
}

export function writeBundle(directory: string, pem: string): string {
  const path = `${directory}/roots.pem`;
  writeFileSync(path, pem, { mode: 0o600, flag: "wx" });
  return path;
}

export async function openEgress(rooms: Rooms, options: SocketPlace & { conversation: string; turn(): string | undefined }, reach: () => Reach):
Promise<{ trustBundle?: string; environment: { [name: string]: string }; close(): Promise<void> }> {
  const now = reach();
  const vault = now.secrets.length > 0 ? await rooms.vault() : undefined;
  const broker = {
    conversation: options.conversation, turn: options.turn,
    rules: () => reach().rules,
    secrets: now.secrets,
    lend: <T>(name: string, use: (value: string) => T) => (vault ? vault.lend(name, use) : failed("no-key", "No secret is lent here.")),
    record: rooms.feed.record,
  };
  const environment = networkEnvironment(now);
  // With secrets the sandbox's trust store is needed before it starts; otherwise the broker is built for the first request.
  if (now.secrets.length > 0) return { ...(await (await import("../egress/egress.ts")).startEgress({ ...broker, at: options })), environment };
  const lazy = await listenLazily(options, async () => (await import("../egress/egress.ts")).startEgress(broker));
  return { ...lazy, environment };
}
