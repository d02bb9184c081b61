import { FuseV1Options } from "@electron/fuses";
import { expect, test } from "vitest";
import { configuration } from "../../build/electronBuilder.mjs";

test("every fuse of this Electron is set by the configuration, each one to its closed side", () => {
  const named = Object.keys(FuseV1Options).filter((name) => Number.isNaN(Number(name))).map((name) => name[0]?.toLowerCase() + name.slice(1));
  const open = new Set(["enableCookieEncryption", "enableEmbeddedAsarIntegrityValidation", "onlyLoadAppFromAsar"]);
  const known = Object.entries(configuration.electronFuses);
  expect(named).toEqual(expect.arrayContaining(known.map(([name]) => name)));
  expect(known.filter(([name, value]) => value !== open.has(name))).toEqual([]);
  expect(known).toHaveLength(8);
});

test("no argument of the packaged app switches its sandbox off", () => {
  expect(JSON.stringify(configuration)).not.toMatch(/no-sandbox|disable-web-security|remote-debugging/);
});
