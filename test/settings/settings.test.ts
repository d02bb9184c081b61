import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSettings } from "../../main/settings/settings.ts";
import { temporaryDirectory } from "../temporary.ts";

test("a setting survives, the others keep their defaults", () => {
  const file = join(temporaryDirectory(), "settings.json");
  openSettings(file).set({ language: "zh-CN" });
  expect(openSettings(file).get()).toEqual({ language: "zh-CN", theme: "system", model: "practice", welcomed: false });
});

test("an unreadable file is set aside, never overwritten", () => {
  const file = join(temporaryDirectory(), "settings.json");
  writeFileSync(file, "{");
  expect(openSettings(file).get().model).toBe("practice");
  expect(existsSync(`${file}.unreadable`)).toBe(true);
});

test("a value that is none is refused and the old one stays", () => {
  const settings = openSettings(join(temporaryDirectory(), "settings.json"));
  expect(() => settings.set({ model: "; rm -rf /" })).toThrow();
  expect(settings.get().model).toBe("practice");
});
