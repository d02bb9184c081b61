/** Conversations on disk: one folder each with conversation.json, messages.json, and the staging layers of its grants. */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { conversationSchema, messageSchema, type Conversation, type Message } from "../../protocol/conversation.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { readFileIfThere, writeFileAtomic } from "../base/atomicFile.ts";
import { newId } from "../base/id.ts";
import { removeTree } from "../base/removeTree.ts";
import { removeDeadLock, takeLock } from "./lock.ts";

export interface Conversations {
  list(): Conversation[];
  create(seed: { model: string; title?: string }): Conversation;
  get(id: string): Outcome<Conversation>;
  /** Changes one conversation; the change is a pure function over what is stored. */
  change(id: string, change: (conversation: Conversation) => Conversation): Outcome<Conversation>;
  messages(id: string): Message[];
  saveMessages(id: string, messages: readonly Message[]): void;
  remove(id: string): Outcome<void>;
  /** One writer per conversation: the release, or `busy` with who holds it. */
  lock(id: string): Outcome<() => void>;
  /** Removes the locks whose holders are certainly dead; returns their paths. Nothing else of a conversation is touched. */
  removeDeadLocks(): string[];
  folder(id: string): string;
  /** The staging layer of one grant; made when it is not there. */
  layer(id: string, grant: string): { upper: string; work: string };
}

const idPattern = /^[a-z0-9]{12}$/;

export function createConversations(deps: { directory: string; now: () => Date }): Conversations {
  const folder = (id: string): string => {
    if (!idPattern.test(id)) throw new Error("not a conversation's id");
    return join(deps.directory, id);
  };
  const file = (id: string): string => join(folder(id), "conversation.json");
  const store = (conversation: Conversation): Conversation => {
    writeFileAtomic(file(conversation.id), JSON.stringify(conversation, null, 1));
    return conversation;
  };
  const get = (id: string): Outcome<Conversation> => {
    const text = idPattern.test(id) ? readFileIfThere(file(id)) : undefined;
    if (text === undefined) return failed("not-found", `There is no conversation ${JSON.stringify(id)}.`, "bulkhead conversation list");
    const parsed = conversationSchema.safeParse(parseJson(text));
    return parsed.success ? done(parsed.data) : failed("damaged", `The conversation ${id} cannot be read; its files are left as they are.`);
  };
  return {
    folder,
    get,
    list() {
      mkdirSync(deps.directory, { recursive: true, mode: 0o700 });
      return readdirSync(deps.directory).filter((name) => idPattern.test(name)).map(get)
        .flatMap((found) => (found.ok ? [found.value] : []))
        .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
    },
    create(seed) {
      const at = deps.now().toISOString();
      const id = newId();
      mkdirSync(folder(id), { recursive: true, mode: 0o700 });
      return store({ id, title: seed.title ?? "", createdAt: at, updatedAt: at, model: seed.model, sites: [], grants: [], returned: [] });
    },
    change(id, change) {
      const found = get(id);
      return found.ok ? done(store({ ...change(found.value), id, updatedAt: deps.now().toISOString() })) : found;
    },
    messages(id) {
      const text = readFileIfThere(join(folder(id), "messages.json"));
      const parsed = z.array(messageSchema).safeParse(text === undefined ? [] : parseJson(text));
      return parsed.success ? parsed.data : [];
    },
    saveMessages: (id, messages) => writeFileAtomic(join(folder(id), "messages.json"), JSON.stringify(messages)),
    remove(id) {
      const found = get(id);
      if (!found.ok) return found;
      removeTree(folder(id));
      return done(undefined);
    },
    lock: (id) => takeLock(join(folder(id), "lock")),
    removeDeadLocks: () => readdirSync(deps.directory).filter((name) => idPattern.test(name)).map((id) => join(folder(id), "lock")).filter((path) => removeDeadLock(path) === "removed"),
    layer: (id, grant) => openLayer(folder(id), grant),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function openLayer(conversation: string, grant: string): { upper: string; work: string } {
  if (!idPattern.test(grant)) throw new Error("not a grant's id");
  const [upper, work] = [join(conversation, "staging", grant, "upper"), join(conversation, "staging", grant, "work")];
  for (const path of [upper, work]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!statSync(path).isDirectory()) throw new Error("the staging layer is not a directory");
  }
  return { upper, work };
}
