/** Builds every room once, hands each its needs. Rooms that a short command does not need are loaded when first asked for. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Grant } from "../../protocol/grant.ts";
import { createClosers, type Closers } from "../base/closer.ts";
import { newToken } from "../base/guardedSocket.ts";
import { newId } from "../base/id.ts";
import { createLogger, type Logger } from "../base/logger.ts";
import { removeTree } from "../base/removeTree.ts";
import { createConversations, type Conversations } from "../conversation/conversations.ts";
import { sameFolder } from "../grants/folder.ts";
import { openFeed, type Feed } from "../feed/feed.ts";
import { createSandbox, type Sandbox } from "../sandbox/sandbox.ts";
import { openSettings, type SettingsStore } from "../settings/settings.ts";
import { own, type Places } from "./places.ts";
import { openRunDirectory, sweepRunDirectories } from "./sweep.ts";
import type { Changes } from "../changes/changes.ts";
import type { Vault } from "../vault/vault.ts";

export interface Rooms {
  places: Places;
  now: () => Date;
  logger: Logger;
  closers: Closers;
  feed: Feed;
  settings: SettingsStore;
  conversations: Conversations;
  sandbox: Sandbox;
  changes(): Promise<Changes>;
  vault(): Promise<Vault>;
  socketDirectory(): { path: string; token: string; remove(): void };
}

/** Opens the rooms that every command needs: feed, settings, conversations, sandbox. */
export function openRooms(places: Places, now: () => Date): Rooms {
  const closers = createClosers();
  const run = openRunDirectory(places.run);
  closers.add(run.close);
  const logger = createLogger({ file: join(places.state, "bulkhead.log"), now });
  const feed = openFeed({ path: join(places.data, "feed.db"), now, redact: logger.redact });
  closers.add(feed.close);
  const conversations = createConversations({ directory: own(join(places.data, "conversations")), now });
  const sandbox = createSandbox({ dist: places.dist, node: places.node, get runDirectory() { return run.path(); }, memory: join(places.state, "bubblewrap.json"), log: (message, cause) => logger.log("sandbox", message, cause) });
  closers.add(sweepSoon({ places, conversations, logger }));
  let vault: Promise<Vault> | undefined;
  let changes: Promise<Changes> | undefined;
  return {
    places, now, logger, closers, feed, conversations, sandbox,
    settings: openSettings(join(places.config, "settings.json")),
    vault: () => (vault ??= import("../vault/vault.ts").then(({ openVault }) => openVault({ hide: logger.hide }))),
    changes: () => (changes ??= openChanges({ places, conversations, sandbox, feed })),
    socketDirectory() {
      const path = mkdtempSync(join(run.path(), "s-"));
      return { path, token: newToken(), remove: () => removeTree(path) };
    },
  };
}

/** What dead processes left, removed beside the work that was asked for. A sweep that fails is logged; it never keeps anybody from starting. */
function sweepSoon({ places, conversations, logger }: Pick<Rooms, "places" | "conversations" | "logger">): () => void {
  const failed = (error: unknown): void => logger.log("app", "something that a dead process left could not be removed", error);
  const soon = setImmediate(() => {
    try {
      for (const path of sweepRunDirectories(places.run, failed)) logger.log("app", `removed what a dead process left: ${path}`);
      for (const path of conversations.removeDeadLocks()) logger.log("app", `removed the lock of a dead process: ${path}`);
    } catch (error) {
      failed(error);
    }
  });
  return () => clearImmediate(soon);
}

async function openChanges(rooms: Pick<Rooms, "places" | "conversations" | "sandbox" | "feed">): Promise<Changes> {
  const { createChanges } = await import("../changes/changes.ts");
  const layers = (conversation: string): { grant: Grant; upper: string; work: string }[] => {
    const found = rooms.conversations.get(conversation);
    if (!found.ok) return [];
    return [...found.value.grants, ...found.value.returned].filter((grant) => grant.access === "edit")
      .map((grant) => ({ grant, ...rooms.conversations.layer(conversation, grant.id) }));
  };
  return createChanges({
    launchWorker: rooms.sandbox.launchWorker,
    layers,
    kept: (set) => own(join(own(join(rooms.places.data, "kept")), set)),
    sameFolder,
    record: rooms.feed.record,
    newId,
  });
}
