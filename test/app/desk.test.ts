import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alwaysGrants, giveGrant, putOnDesk } from "../../main/app/desk.ts";
import { findPlaces } from "../../main/app/places.ts";
import { openRooms } from "../../main/app/rooms.ts";
import { temporaryDirectory } from "../temporary.ts";
import type { Conversation } from "../../protocol/conversation.ts";
import type { Grant } from "../../protocol/grant.ts";

const grant = (id: string, access: "read" | "edit"): Grant => ({ id, path: "/work/files", access, lasting: "conversation", device: "1", inode: "2" });
const desk = (grants: Grant[]): Conversation => ({ id: "aaaaaaaaaaaa", title: "", createdAt: "", updatedAt: "", model: "practice", sites: [], grants, returned: [] });

test("a folder that may be edited again goes on with its staging layer", () => {
  expect(putOnDesk(desk([grant("old", "edit")]), grant("new", "edit"))).toMatchObject({ grants: [{ id: "old" }], returned: [] });
});

test("a folder that becomes read-only leaves its staged changes waiting, never hidden", () => {
  expect(putOnDesk(desk([grant("old", "edit")]), grant("new", "read"))).toMatchObject({ grants: [{ id: "new", access: "read" }], returned: [{ id: "old" }] });
});

test("a folder that becomes editable gets a layer of its own", () => {
  expect(putOnDesk(desk([grant("old", "read")]), grant("new", "edit"))).toMatchObject({ grants: [{ id: "new", access: "edit" }], returned: [] });
});

test("a folder granted for always that is away comes back with its grant; a damaged list allows nothing and is set aside, not lost", async () => {
  const place = temporaryDirectory();
  const rooms = openRooms(findPlaces({ XDG_DATA_HOME: place, XDG_CONFIG_HOME: place, XDG_STATE_HOME: place }), () => new Date(0));
  const conversation = rooms.conversations.create({ model: "practice" }).id;
  const always = (name: string): void => {
    mkdirSync(join(place, name), { recursive: true });
    expect(giveGrant(rooms, conversation, { path: join(place, name), access: "read", lasting: "always" })).toMatchObject({ ok: true });
  };
  const paths = (): string[] => alwaysGrants(rooms).map((grant) => grant.path.slice(place.length + 1));
  always("stick");
  renameSync(join(place, "stick"), join(place, "away"));
  always("other");
  expect(paths()).toEqual(["other"]);
  renameSync(join(place, "away"), join(place, "stick"));
  expect(paths()).toEqual(["stick", "other"]);
  writeFileSync(join(place, "bulkhead/always.json"), "[{");
  expect(paths()).toEqual([]);
  always("third");
  expect(paths()).toEqual(["third"]);
  const aside = readdirSync(join(place, "bulkhead")).filter((name) => name.startsWith("always.json.damaged-"));
  expect(aside.map((name) => readFileSync(join(place, "bulkhead", name), "utf8"))).toEqual(["[{"]);
  await rooms.closers.close();
});
