/** What each call of the API does. Small by design: parse is done before, the work is a room's. */
import type { CallInput, CallName, CallOutput, Check, Push } from "../../protocol/api.ts";
import type { calls } from "../../protocol/api.ts";
import type { z } from "zod";
import type { ApplyReport } from "../../protocol/change.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { browse, folderFacts } from "../grants/folder.ts";
import type { Turns } from "../turn/turns.ts";
import { alwaysGrants, giveGrant, ownPlaces, revokeGrant } from "./desk.ts";
import { runDoctor } from "./doctor.ts";
import { parseRules } from "./network.ts";
import type { Rooms } from "./rooms.ts";

type Parsed<N extends CallName> = z.output<(typeof calls)[N]["input"]>;
export type Handlers = { [N in CallName]: (input: Parsed<N>) => Outcome<CallOutput<N>> | Promise<Outcome<CallOutput<N>>> };

export interface HandlerDeps {
  rooms: Rooms;
  turns: Turns;
  push(message: Push): void;
  pickFolder?: () => Promise<string | undefined>;
}

export function createHandlers(deps: HandlerDeps): Handlers {
  return { ...conversationHandlers(deps), ...turnHandlers(deps), ...deskHandlers(deps), ...changeHandlers(deps), ...feedHandlers(deps), ...settingHandlers(deps) };
}

function conversationHandlers({ rooms, turns, push }: HandlerDeps): Pick<Handlers, "conversation.list" | "conversation.create" | "conversation.open" | "conversation.rename" | "conversation.delete" | "conversation.setModel"> {
  const changed = <T>(id: string, outcome: Outcome<T>): Outcome<T> => {
    if (outcome.ok) push({ push: "changed", conversation: id, what: "conversation" });
    return outcome;
  };
  return {
    "conversation.list": () => done(rooms.conversations.list()),
    "conversation.create": () => {
      const made = rooms.conversations.create({ model: rooms.settings.get().model });
      rooms.feed.record({ kind: "conversation.started", conversation: made.id, actor: "person", evidence: "observed", outcome: "done", detail: {} });
      return rooms.conversations.change(made.id, (old) => ({ ...old, grants: alwaysGrants(rooms) }));
    },
    "conversation.open": ({ conversation }) => {
      const found = rooms.conversations.get(conversation);
      if (!found.ok) return found;
      const running = turns.running(conversation);
      const messages = rooms.conversations.messages(conversation).map((message) =>
        message.role === "person" || message.ended || running ? message
          : { ...message, ended: "failed" as const, problem: "This turn was interrupted. What it had changed is staged; your files are as they were." });
      const contained = turns.contained(conversation);
      const containment = { state: contained ? "contained" as const : "ready" as const, message: contained ? "Contained and running" : "Contained: starts with your next message" };
      return done({ conversation: found.value, messages, running, containment });
    },
    "conversation.rename": ({ conversation, title }) => changed(conversation, rooms.conversations.change(conversation, (old) => ({ ...old, title }))),
    "conversation.setModel": ({ conversation, model }) => changed(conversation, rooms.conversations.change(conversation, (old) => ({ ...old, model }))),
    "conversation.delete": async ({ conversation }) => {
      await turns.stop(conversation);
      return removeConversation(rooms, conversation);
    },
  };
}

/** Removes a conversation with its staged changes; the feed keeps a tombstone. */
export function removeConversation(rooms: Rooms, conversation: string): Outcome<Record<string, never>> {
  const lock = rooms.conversations.get(conversation).ok ? rooms.conversations.lock(conversation) : done(() => undefined);
  if (!lock.ok) return lock;
  const removed = rooms.conversations.remove(conversation);
  if (!removed.ok) return removed;
  rooms.feed.removeConversation(conversation);
  return done({});
}

function turnHandlers({ rooms, turns, push }: HandlerDeps): Pick<Handlers, "turn.send" | "turn.stop" | "turn.pause" | "turn.resume"> {
  return {
    "turn.send": ({ conversation, text }) => {
      const found = rooms.conversations.get(conversation);
      if (!found.ok) return found;
      if (found.value.title === "") rooms.conversations.change(conversation, (old) => ({ ...old, title: text.split("\n")[0]?.slice(0, 80) ?? "" }));
      const sent = turns.send(conversation, text);
      if (!sent.ok) return sent;
      push({ push: "changed", conversation, what: "messages" });
      return done({ turn: sent.value.turn });
    },
    "turn.pause": async ({ conversation }) => empty(await turns.pause(conversation)),
    "turn.resume": async ({ conversation }) => empty(await turns.resume(conversation)),
    "turn.stop": async ({ conversation }) => done({ ms: await turns.stop(conversation) }),
  };
}

function deskHandlers({ rooms, turns, push, pickFolder }: HandlerDeps): Pick<Handlers, "folder.browse" | "folder.pick" | "folder.facts" | "grant.give" | "grant.revoke" | "site.add" | "site.remove"> {
  const changed = (id: string): void => push({ push: "changed", conversation: id, what: "conversation" });
  return {
    "folder.browse": ({ path }) => browse(path ?? rooms.places.home),
    "folder.pick": async () => {
      const path = pickFolder ? await pickFolder() : undefined;
      return done({ ...(path ? { path } : {}), browse: !pickFolder });
    },
    "folder.facts": async ({ path }) => done(await folderFacts(path, ownPlaces(rooms))),
    "grant.give": ({ conversation, ...wish }) => {
      const given = giveGrant(rooms, conversation, wish);
      changed(conversation);
      return given;
    },
    "grant.revoke": async ({ conversation, grant }) => {
      // The folder must be gone at once, also in mid-turn: the agent ends with it.
      await turns.stop(conversation);
      const revoked = revokeGrant(rooms, conversation, grant);
      changed(conversation);
      return revoked.ok ? done({}) : revoked;
    },
    "site.add": ({ conversation, rule }) => {
      const parsed = parseRules([rule]);
      if (!parsed.ok) return parsed;
      const added = rooms.conversations.change(conversation, (old) => ({ ...old, sites: [...old.sites.filter((one) => one !== rule), rule] }));
      changed(conversation);
      return added;
    },
    "site.remove": ({ conversation, rule }) => {
      const removed = rooms.conversations.change(conversation, (old) => ({ ...old, sites: old.sites.filter((one) => one !== rule) }));
      changed(conversation);
      return removed;
    },
  };
}

function changeHandlers({ rooms, turns, push }: HandlerDeps): Pick<Handlers, "changes.list" | "changes.apply" | "changes.discard"> {
  const act = (verb: "apply" | "discard") => async ({ conversation, paths }: { conversation: string; paths?: string[] | undefined }): Promise<Outcome<ApplyReport>> => {
    const rested = await turns.rest(conversation);
    if (!rested.ok) return rested;
    const report = await changeStaged(rooms, { conversation, verb, ...(paths ? { paths } : {}) });
    push({ push: "changed", conversation, what: "changes" });
    return report;
  };
  return {
    "changes.list": async ({ conversation }) => (await rooms.changes()).list(conversation),
    "changes.apply": act("apply"),
    "changes.discard": act("discard"),
  };
}

/** Applies or discards under the conversation's lock: no agent and no other process is at work on the layer meanwhile. */
export async function changeStaged(rooms: Rooms, wish: { conversation: string; verb: "apply" | "discard"; paths?: string[] }): Promise<Outcome<ApplyReport>> {
  const found = rooms.conversations.get(wish.conversation);
  if (!found.ok) return found;
  const lock = rooms.conversations.lock(wish.conversation);
  if (!lock.ok) return lock;
  try {
    return await (await rooms.changes())[wish.verb](wish.conversation, wish.paths);
  } finally {
    lock.value();
  }
}

function feedHandlers({ rooms }: HandlerDeps): Pick<Handlers, "feed.page" | "feed.verify"> {
  return {
    "feed.page": ({ conversation, before, limit, kinds, outcome, text }) => done(rooms.feed.page({
      conversation, limit, ...(before === undefined ? {} : { before }), ...(kinds ? { kinds } : {}), ...(outcome ? { outcome } : {}), ...(text ? { text } : {}),
    })),
    "feed.verify": ({ conversation }) => done(rooms.feed.verify(conversation)),
  };
}

function settingHandlers({ rooms }: HandlerDeps): Pick<Handlers, "settings.get" | "settings.set" | "secret.state" | "secret.set" | "secret.remove" | "doctor.run" | "prove"> {
  return {
    "settings.get": () => done(rooms.settings.get()),
    "settings.set": (change) => {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as CallInput<"settings.set"> & object;
      return done(rooms.settings.set(given as Partial<CallOutput<"settings.get">>));
    },
    "secret.state": async () => {
      const vault = await rooms.vault();
      return done({ keychain: vault.state(), names: vault.list() });
    },
    "secret.set": async ({ name, value }) => empty((await rooms.vault()).set(name, value)),
    "secret.remove": async ({ name }) => empty((await rooms.vault()).remove(name)),
    "doctor.run": async (): Promise<Outcome<Check[]>> => done(await runDoctor(rooms)),
    "prove": async ({ conversation }) => (await import("./prove.ts")).runProof(rooms, { folders: [], allow: [], ...(conversation ? { conversation } : {}) }),
  };
}

function empty(outcome: Outcome<void>): Outcome<Record<string, never>> {
  return outcome.ok ? done({}) : failed(outcome.problem.code, outcome.problem.message, outcome.problem.mend);
}
