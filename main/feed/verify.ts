/** Walks the chains: every event's hash, no gap in `seq`, and the stored head. A chain proves order and wholeness as far as a head was kept elsewhere. */
import type { DatabaseSync } from "node:sqlite";
import { canonicalJson, chainHash, firstHash } from "./chain.ts";

export interface Verified {
  ok: boolean;
  message: string;
  checked: number;
}

export function verifyChains(database: DatabaseSync, conversation?: string): Verified {
  const heads = (conversation === undefined
    ? database.prepare("SELECT conversation, seq, hash FROM heads ORDER BY conversation").all()
    : database.prepare("SELECT conversation, seq, hash FROM heads WHERE conversation = ?").all(conversation)) as { conversation: string; seq: number; hash: string }[];
  const orphans = Number(database.prepare("SELECT count(*) AS n FROM events WHERE conversation NOT IN (SELECT conversation FROM heads)").get()?.["n"]);
  if (orphans > 0) return { ok: false, message: `${orphans} events belong to no chain.`, checked: 0 };
  let checked = 0;
  for (const head of heads) {
    const fault = chainFault(database, head);
    if (fault) return { ok: false, message: `The record of ${head.conversation} was changed: ${fault}`, checked };
    checked += head.seq;
  }
  return { ok: true, message: `${checked} events in ${heads.length} chains are as they were recorded.`, checked };
}

function chainFault(database: DatabaseSync, head: { conversation: string; seq: number; hash: string }): string | undefined {
  let previous = firstHash;
  let seq = 0;
  for (const row of database.prepare("SELECT seq, kind, outcome, body FROM events WHERE conversation = ? ORDER BY seq").iterate(head.conversation)) {
    seq++;
    const event = parsed(String(row["body"]));
    if (!event) return `event ${seq} cannot be read.`;
    const { hash, ...body } = event;
    const same = row["seq"] === seq && body["seq"] === seq && row["kind"] === body["kind"] && row["outcome"] === body["outcome"] && body["conversation"] === head.conversation;
    if (!same || chainHash(previous, canonicalJson(body)) !== hash) return `event ${seq} does not fit the one before it.`;
    previous = String(hash);
  }
  return seq === head.seq && previous === head.hash ? undefined : `it ends at event ${seq}, its head says ${head.seq}.`;
}

function parsed(text: string): { [name: string]: unknown } | undefined {
  try {
    return JSON.parse(text) as { [name: string]: unknown };
  } catch {
    return undefined;
  }
}
