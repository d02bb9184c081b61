import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cruiseLayers } from "../../build/layers.mjs";
import { temporaryDirectory } from "../temporary.ts";

const planted: [file: string, source: string, rule: string][] = [
  ["main/feed/a.ts", 'import { b } from "../egress/b.ts"; export const a = b;', "room-alone"],
  ["main/egress/b.ts", 'import type { P } from "../../agent/p.ts"; export const b = 1 as unknown as P;', "room-alone"],
  ["main/newRoom/n.ts", 'import { a } from "../feed/a.ts"; export const n = a;', "room-alone"],
  ["agent/p.ts", 'import { a } from "../main/feed/a.ts"; export type P = typeof a;', "agent-alone"],
  ["renderer/r.ts", 'import { p } from "../main/base/x.ts"; export const r = p;', "page-alone"],
  ["main/base/x.ts", 'import { a } from "../feed/a.ts"; export const p = a;', "base-is-low"],
  ["protocol/q.ts", 'import "node:fs"; export const q = 1;', "protocol-is-pure"],
  ["main/turn/c.ts", 'import "node:child_process"; export const c = 1;', "power-0"],
  ["renderer/e.ts", 'import "electron"; export const e = 1;', "power-1"],
  ["main/turn/q.ts", 'import "node:sqlite"; export const q = 1;', "power-4"],
  ["main/turn/n.ts", 'import "node:net"; export const n = 1;', "power-3"],
];

test("every planted crossing is reported, and the cruise sees the modules", async () => {
  const root = temporaryDirectory();
  for (const [file, source] of planted) {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), source);
  }
  writeFileSync(join(root, "main/feed/own.ts"), 'import { b } from "./a.ts"; import "../base/x.ts"; export const own = b;');
  const { modules, crossings } = await cruiseLayers(root, ["protocol", "main", "agent", "renderer"]);
  expect(crossings.filter((crossing) => crossing.includes("main/feed/own.ts"))).toEqual([]);
  expect(modules).toBeGreaterThanOrEqual(planted.length);
  for (const [file, , rule] of planted) expect(crossings.some((crossing) => crossing.startsWith(`${rule}: ${file}`)), `${rule} in ${file}: ${crossings.join("\n")}`).toBe(true);
});
