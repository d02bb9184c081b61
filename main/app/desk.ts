/** Gives and takes back what is on a conversation's desk: folders and sites. Every answer, also a refusal, is recorded. */
import { renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Conversation } from "../../protocol/conversation.ts";
import { grantSchema, type Access, type Grant, type Lasting } from "../../protocol/grant.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { readFileIfThere, writeFileAtomic } from "../base/atomicFile.ts";
import { newId } from "../base/id.ts";
import { checkFolder, sameFolder, type FolderOutcome } from "../grants/folder.ts";
import type { Rooms } from "./rooms.ts";

export interface FolderWish {
  path: string;
  access: Access;
  lasting: Lasting;
}

export const ownPlaces = (rooms: Rooms): { home: string; own: string[] } =>
  ({ home: rooms.places.home, own: [rooms.places.data, rooms.places.config, rooms.places.state, ...rooms.places.runtime(), rooms.places.dist] });

/** Checks a folder without granting it: links resolved first, then everything that may never be granted. */
export function wishToGrant(rooms: Rooms, wish: FolderWish): FolderOutcome<Grant> {
  const checked = checkFolder(wish.path, ownPlaces(rooms));
  return checked.ok ? { ok: true, value: { id: newId(), ...wish, path: checked.value.path, device: checked.value.device, inode: checked.value.inode } } : checked;
}

/**
 * The conversation with `grant` on its desk, in place of one for the same folder. An edit grant goes on with its staging layer;
 * one that becomes read-only leaves its staged changes waiting, like a folder taken back.
 */
export function putOnDesk(conversation: Conversation, grant: Grant): Conversation {
  const same = conversation.grants.find((one) => one.path === grant.path);
  const others = conversation.grants.filter((one) => one.path !== grant.path);
  if (same?.access === "edit" && grant.access === "edit") return { ...conversation, grants: [...others, { ...grant, id: same.id }] };
  return { ...conversation, grants: [...others, grant], returned: same?.access === "edit" ? [...conversation.returned, same] : conversation.returned };
}

export function giveGrant(rooms: Rooms, conversation: string, wish: FolderWish): Outcome<Grant> {
  const grant = wishToGrant(rooms, wish);
  if (!grant.ok) {
    rooms.feed.record({ kind: "grant.refused", conversation, actor: "host", evidence: "observed", outcome: "refused", reason: grant.reason, detail: { path: wish.path, access: wish.access } });
    return grant;
  }
  const given = grant.value;
  const changed = rooms.conversations.change(conversation, (old) => putOnDesk(old, given));
  if (!changed.ok) return changed;
  if (given.lasting === "always") changeAlways(rooms, (old) => [...old.filter((one) => one.path !== given.path), given]);
  rooms.feed.record({ kind: "grant.given", conversation, actor: "person", evidence: "observed", outcome: "allowed", detail: { path: given.path, access: given.access, grant: given.id } });
  return done(changed.value.grants.find((one) => one.path === given.path) ?? given);
}

/** Takes a folder back. Its staged changes stay staged until the person applies or discards them. */
export function revokeGrant(rooms: Rooms, conversation: string, grantId: string): Outcome<Grant> {
  const found = rooms.conversations.get(conversation);
  if (!found.ok) return found;
  const grant = found.value.grants.find((one) => one.id === grantId);
  if (!grant) return failed("not-found", "That folder is not on the desk any more.");
  rooms.conversations.change(conversation, (old) => ({
    ...old,
    grants: old.grants.filter((one) => one.id !== grantId),
    returned: grant.access === "edit" ? [...old.returned, grant] : old.returned,
  }));
  changeAlways(rooms, (old) => old.filter((one) => one.path !== grant.path));
  rooms.feed.record({ kind: "grant.revoked", conversation, actor: "person", evidence: "observed", outcome: "done", detail: { path: grant.path, access: grant.access, grant: grant.id } });
  return done(grant);
}

/** The mounts of a conversation's grants; a folder that is not the one that was granted voids the start. */
export function mountsOf(rooms: Rooms, conversation: Conversation): Outcome<SandboxSpec["folders"]> {
  const mounts: SandboxSpec["folders"] = [];
  for (const grant of conversation.grants) {
    if (!sameFolder(grant)) {
      return failed("refused-folder", `The folder ${grant.path} is gone, or another one stands in its place.`, "Take it off the desk and hand it over again.");
    }
    const layer = grant.access === "edit" ? rooms.conversations.layer(conversation.id, grant.id) : {};
    mounts.push({ path: grant.path, access: grant.access, device: grant.device, inode: grant.inode, ...layer });
  }
  return done(mounts);
}

const alwaysFile = (rooms: Rooms): string => join(rooms.places.data, "always.json");

/** Folders granted for always: put on the desk of each new conversation while they are still the same folders. */
export function alwaysGrants(rooms: Rooms): Grant[] {
  return (readAlways(rooms) ?? []).filter((grant) => sameFolder(grant) && statSync(grant.path).isDirectory());
}

/** The whole list, also what is not there at the moment (a stick, a share); undefined where the file cannot be read: that allows nothing. */
function readAlways(rooms: Rooms): Grant[] | undefined {
  try {
    const text = readFileIfThere(alwaysFile(rooms));
    return text === undefined ? [] : z.array(grantSchema).parse(JSON.parse(text));
  } catch (error) {
    rooms.logger.log("desk", "the list of folders granted for always cannot be read", error);
    return undefined;
  }
}

function changeAlways(rooms: Rooms, change: (old: Grant[]) => Grant[]): void {
  const old = readAlways(rooms);
  // Nothing is lost: what cannot be read is set aside before a new list begins.
  if (old === undefined) renameSync(alwaysFile(rooms), `${alwaysFile(rooms)}.damaged-${rooms.now().toISOString().replaceAll(":", "-")}`);
  const changed = change(old ?? []);
  if (old === undefined || changed.length !== old.length || changed.some((one, at) => one !== old[at])) writeFileAtomic(alwaysFile(rooms), JSON.stringify(changed));
}
