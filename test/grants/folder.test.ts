import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkFolder, folderFacts, sameFolder } from "../../main/grants/folder.ts";
import { forbiddenPlace } from "../../main/grants/forbidden.ts";
import { temporaryDirectory } from "../temporary.ts";

const places = { home: "/home/person", own: ["/home/person/.local/share/bulkhead"] };

test.each([
  ["/", "folder-too-broad"], ["/home", "folder-too-broad"], ["/home/person", "folder-is-home"], ["/home/person/.ssh", "folder-is-key-store"],
  ["/home/person/.gnupg/private-keys-v1.d", "folder-is-key-store"], ["/home/other", "folder-is-other-home"], ["/home/other/Docs", "folder-is-other-home"],
  ["/root/x", "folder-is-other-home"], ["/etc", "folder-too-broad"], ["/proc/self", "folder-too-broad"], ["/home/person/.local/share/bulkhead/conversations", "folder-is-ours"],
  ["/home/person/.config", "folder-is-key-store"], ["/home/person/.local/share", "folder-is-key-store"],
])("%s is refused: %s", (path, reason) => {
  expect(forbiddenPlace(path, places)?.reason).toBe(reason);
});

test.each(["/home/person/Documents", "/home/person/.sshfs", "/mnt/stick/photos", "/srv/share"])("%s may be granted", (path) => {
  expect(forbiddenPlace(path, places)).toBeUndefined();
});

test("a home whose name begins like another's is another's", () => {
  expect(forbiddenPlace("/home/persons/Documents", places)?.reason).toBe("folder-is-other-home");
});

test("a link is judged by where it leads, and a folder by its identity", () => {
  const root = temporaryDirectory();
  const home = join(root, "home");
  for (const path of ["home/.ssh", "work/files"]) mkdirSync(join(root, path), { recursive: true });
  symlinkSync(join(home, ".ssh"), join(root, "work/innocent"));
  symlinkSync("loop", join(root, "work/loop"));
  writeFileSync(join(root, "work/file"), "");
  const here = { home, own: [] };
  const reasons = { innocent: "folder-is-key-store", loop: "bad-path", file: "folder-not-a-folder", missing: "folder-missing", "file/x": "folder-not-a-folder", "a\0b": "bad-path" };
  for (const [path, reason] of Object.entries(reasons)) expect(checkFolder(join(root, "work", path), here), path).toMatchObject({ ok: false, reason });
  const good = checkFolder(join(root, "work/files"), here);
  expect(good.ok).toBe(true);
  if (!good.ok) return;
  expect(sameFolder(good.value)).toBe(true);
  renameSync(join(root, "work/files"), join(root, "work/moved"));
  symlinkSync(join(root, "work/moved"), join(root, "work/files"));
  expect(sameFolder(good.value)).toBe(false);
});

test("facts count without following links and name what looks sensitive", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "g/sub"), { recursive: true });
  writeFileSync(join(root, "outside"), "x".repeat(1000));
  for (const name of [".env", "sub/id_rsa", "发票.txt"]) writeFileSync(join(root, "g", name), "abc");
  symlinkSync(root, join(root, "g/up"));
  chmodSync(join(root, "g/sub"), 0o700);
  expect(await folderFacts(join(root, "g"), { home: "/nowhere", own: [] })).toMatchObject({ name: "g", files: 3, bytes: 9, counted: true, sensitive: expect.arrayContaining([".env", "sub/id_rsa"]) });
});
