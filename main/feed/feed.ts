/**
 * The feed: append-only, written by the host only. One chain per conversation; `seq` counts within it.
 * Every append happens in one write transaction that reads the chain's head, so several processes may append to one file.
 * There is no call that changes an event. Removing a conversation removes its whole chain and leaves a tombstone in the app's.
 */
import { existsSync, renameSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { EventDraft, FeedEvent } from "../../protocol/event.ts";
import { failed, type Problem } from "../../protocol/problem.ts";
import { createAudience, type Listener } from "./audience.ts";
import { chainHash, firstHash, sorted } from "./chain.ts";
import { verifyChains, type Verified } from "./verify.ts";

export interface FeedQuery {
  conversation?: string;
  /** Only events with a smaller position (seq within a conversation, row over all). */
  before?: number;
  limit: number;
  kinds?: string[];
  outcome?: string;
  text?: string;
}

export interface Feed {
  record(draft: EventDraft): FeedEvent;
  recordAll(drafts: EventDraft[]): FeedEvent[];
  /** The newest `limit` events that match, oldest first, and how many match in all. */
  page(query: FeedQuery): { events: FeedEvent[]; total: number };
  /** Every event, also those that other processes append (noticed within 150 ms). */
  subscribe(listener: Listener): () => void;
  verify(conversation?: string): Verified;
  each(query: { conversation?: string }, visit: (event: FeedEvent) => void): void;
  removeConversation(id: string): void;
  close(): void;
}

export interface FeedOptions {
  path: string;
  now: () => Date;
  redact: (text: string) => string;
}

// A row number is never given twice: a removed chain's tombstone is appended before the chain goes, so the highest row stays.
const schema = `
  PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
  CREATE TABLE IF NOT EXISTS events(
    row INTEGER PRIMARY KEY, conversation TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, outcome TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE(conversation, seq));
  CREATE TABLE IF NOT EXISTS heads(conversation TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID;
`;

/** Opens or makes the database. A damaged one is moved aside as it is, and the new one tells so in its first event. */
export function openFeed(options: FeedOptions): Feed {
  try {
    return feedOver(openDatabase(options.path), options);
  } catch (error) {
    if (!isDamage(error) || !existsSync(options.path)) throw error;
    const aside = `${options.path}.damaged-${options.now().toISOString().replaceAll(":", "-")}`;
    for (const end of ["", "-wal", "-shm"]) if (existsSync(options.path + end)) renameSync(options.path + end, aside + end);
    const feed = feedOver(openDatabase(options.path), options);
    const message = `The record could not be read. It was set aside, unchanged, as ${aside}; a new one was begun.`;
    feed.record({ kind: "feed.damaged", conversation: "app", actor: "host", evidence: "observed", outcome: "failed", detail: { message } });
    return feed;
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec(schema);
    // Only what the next append needs is read here; the whole is for `activity --verify`. A small record is quick to check whole.
    if (rows(database) < 200 && database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"] !== "ok") throw Object.assign(new Error("damaged"), { errcode: 11 });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const rows = (database: DatabaseSync): number => Number(database.prepare("SELECT coalesce(max(row),0) AS n FROM events").get()?.["n"]);

/** SQLITE_CORRUPT 11, SQLITE_NOTADB 26. */
function isDamage(error: unknown): boolean {
  const code = (error as { errcode?: number } | undefined)?.errcode;
  return code !== undefined && [11, 26].includes(code & 0xff);
}

function feedOver(database: DatabaseSync, options: FeedOptions): Feed {
  const audience = createAudience(database);
  const append = appender(database, options);
  const recordAll = (drafts: EventDraft[]): FeedEvent[] => {
    const events = inTransaction(database, () => append(drafts));
    audience.tell();
    return events;
  };
  return {
    recordAll,
    record: (draft) => recordAll([draft])[0] as FeedEvent,
    page: (query) => pageOf(database, query),
    subscribe: audience.subscribe,
    // One snapshot: what other processes append meanwhile belongs to the next check.
    verify: (conversation) => inTransaction(database, () => verifyChains(database, conversation), "BEGIN"),
    each(query, visit) {
      const all = query.conversation === undefined
        ? database.prepare("SELECT body FROM events ORDER BY row").iterate()
        : database.prepare("SELECT body FROM events WHERE conversation = ? ORDER BY seq").iterate(query.conversation);
      for (const one of all) visit(JSON.parse(String(one["body"])) as FeedEvent);
    },
    removeConversation(id) {
      inTransaction(database, () => removeChain(database, id, append));
      audience.tell();
    },
    close() {
      audience.close();
      database.close();
    },
  };
}

/** All of `work` or nothing of it. What the database cannot do is thrown with the Problem as its cause. */
function inTransaction<T>(database: DatabaseSync, work: () => T, begin: "BEGIN" | "BEGIN IMMEDIATE" = "BEGIN IMMEDIATE"): T {
  try {
    database.exec(begin);
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    const problem = problemOf(error);
    throw problem ? new Error(problem.message, { cause: problem }) : error;
  }
}

/** SQLITE_FULL 13, SQLITE_BUSY 5. */
function problemOf(error: unknown): Problem | undefined {
  const code = ((error as { errcode?: number } | undefined)?.errcode ?? 0) & 0xff;
  if (code === 13) return failed("disk-full", "The disk is full: the record takes no more events. What was recorded is safe.", "Make room, then try again.").problem;
  if (code === 5) return failed("busy", "Another Bulkhead process holds the record. Nothing was lost.", "Try again in a moment.").problem;
  return isDamage(error) ? failed("damaged", "The record is damaged and takes no more events. It was left as it is.", "Start Bulkhead again: it sets the damaged record aside and begins a new one.").problem : undefined;
}

/** Appends inside the caller's transaction. */
function appender(database: DatabaseSync, options: FeedOptions): (drafts: EventDraft[]) => FeedEvent[] {
  const head = database.prepare("SELECT seq, hash FROM heads WHERE conversation = ?");
  const insert = database.prepare("INSERT INTO events(conversation, seq, kind, outcome, body) VALUES(?,?,?,?,?)");
  const setHead = database.prepare("INSERT INTO heads VALUES(?,?,?) ON CONFLICT(conversation) DO UPDATE SET seq=excluded.seq, hash=excluded.hash");
  return (drafts) => {
    const heads = new Map<string, { seq: number; hash: string }>();
    const at = options.now().toISOString();
    const events = drafts.map((draft) => {
      const last = heads.get(draft.conversation) ?? headOf(head, draft.conversation);
      // Redacted before it is hashed: what is stored is what is signed for.
      const { actor, conversation, evidence, kind, outcome, reason, turn } = draft;
      // In the order of their names, as canonicalJson has them.
      const body = { actor, at, conversation, detail: sorted(draft.detail, options.redact), evidence, kind, outcome, reason, seq: last.seq + 1, turn };
      const canonical = JSON.stringify(body);
      const hash = chainHash(last.hash, canonical);
      const event = { ...body, hash } as unknown as FeedEvent;
      // The canonical text with its hash at the end: written once, read back as the same event.
      insert.run(event.conversation, event.seq, event.kind, event.outcome, `${canonical.slice(0, -1)},"hash":"${hash}"}`);
      heads.set(event.conversation, event);
      return event;
    });
    for (const [conversation, last] of heads) setHead.run(conversation, last.seq, last.hash);
    return events;
  };
}

function headOf(statement: StatementSync, conversation: string): { seq: number; hash: string } {
  const found = statement.get(conversation);
  return found ? { seq: Number(found["seq"]), hash: String(found["hash"]) } : { seq: 0, hash: firstHash };
}

function pageOf(database: DatabaseSync, query: FeedQuery): { events: FeedEvent[]; total: number } {
  const where: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...given: (string | number)[]): void => {
    where.push(condition);
    values.push(...given);
  };
  if (query.conversation !== undefined) add("conversation = ?", query.conversation);
  if (query.kinds?.length) add(`kind IN (${query.kinds.map(() => "?").join(",")})`, ...query.kinds);
  if (query.outcome) add("outcome = ?", query.outcome);
  if (query.text) add("body LIKE ? ESCAPE '\\'", `%${query.text.replace(/[\\%_]/g, "\\$&")}%`);
  const all = where.length > 0 ? `WHERE ${where.join(" AND ")}` : "";
  const total = countOf(database, query, { all, values });
  const position = query.conversation === undefined ? "row" : "seq";
  if (query.before !== undefined) add(`${position} < ?`, query.before);
  const some = where.length > 0 ? `WHERE ${where.join(" AND ")}` : "";
  const found = database.prepare(`SELECT body FROM events ${some} ORDER BY ${position} DESC LIMIT ?`).all(...values, query.limit);
  return { events: found.reverse().map((one) => JSON.parse(String(one["body"])) as FeedEvent), total };
}

function countOf(database: DatabaseSync, query: FeedQuery, { all, values }: { all: string; values: readonly (string | number)[] }): number {
  // A chain has no gaps: without a filter its head is its count, however long it is.
  if (query.conversation !== undefined && values.length === 1) return headOf(database.prepare("SELECT seq, hash FROM heads WHERE conversation = ?"), query.conversation).seq;
  return Number(database.prepare(`SELECT count(*) AS n FROM events ${all}`).get(...values)?.["n"]);
}

/** The tombstone and the removal are one transaction: never one without the other. */
function removeChain(database: DatabaseSync, id: string, append: (drafts: EventDraft[]) => FeedEvent[]): void {
  const first = database.prepare("SELECT body ->> 'hash' AS hash FROM events WHERE conversation = ? ORDER BY seq LIMIT 1").get(id);
  const last = database.prepare("SELECT seq, hash FROM heads WHERE conversation = ?").get(id);
  if (!first || !last) return;
  append([{
    kind: "conversation.deleted", conversation: "app", actor: "person", evidence: "observed", outcome: "done",
    detail: { id, events: Number(last["seq"]), firstHash: String(first["hash"]), lastHash: String(last["hash"]) },
  }]);
  database.prepare("DELETE FROM events WHERE conversation = ?").run(id);
  database.prepare("DELETE FROM heads WHERE conversation = ?").run(id);
}
