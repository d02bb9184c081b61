/** Those who hear the feed: what this process appends at once, what others append within 150 ms, in one order for everybody. */
import type { DatabaseSync } from "node:sqlite";
import type { FeedEvent } from "../../protocol/event.ts";

export type Listener = (events: FeedEvent[]) => void;

export interface Audience {
  /** Hands on what is new. */
  tell(): void;
  subscribe(listener: Listener): () => void;
  close(): void;
}

interface Stored {
  row: number;
  body: string;
}

export function createAudience(database: DatabaseSync): Audience {
  const listeners = new Set<Listener>();
  const newest = database.prepare("SELECT coalesce(max(row),0) AS n FROM events");
  const newer = database.prepare("SELECT row, body FROM events WHERE row > ? ORDER BY row LIMIT 1000");
  const next = (): Stored[] => newer.all(told) as unknown as Stored[];
  let told = 0;
  let telling = false;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    // A listener that records in its turn: its event follows in this same loop.
    if (listeners.size === 0 || telling) return;
    telling = true;
    try {
      for (let found = next(); found.length > 0; found = next()) {
        told = found.at(-1)?.row ?? told;
        const events = found.map((one) => JSON.parse(one.body) as FeedEvent);
        for (const listener of listeners) listener(events);
      }
    } finally {
      telling = false;
    }
  };
  const hearOthers = (): void => {
    try {
      tell();
    } catch {
      // Busy or unreadable now: the next tick tries again, and the next append says what is wrong.
    }
  };
  return {
    tell,
    subscribe(listener) {
      if (listeners.size === 0) told = Number(newest.get()?.["n"]);
      listeners.add(listener);
      timer ??= setInterval(hearOthers, 150);
      timer.unref();
      return () => {
        hearOthers();
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    close: () => clearInterval(timer),
  };
}
