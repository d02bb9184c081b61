import { expect, test } from "vitest";
import { putOnDesk } from "../../main/app/desk.ts";
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
