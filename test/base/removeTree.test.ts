import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeTree } from "../../main/base/removeTree.ts";
import { temporaryDirectory } from "../temporary.ts";

test("a folder without any right goes, what a link leads to stays", () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "tree/work/work"), { recursive: true });
  writeFileSync(join(root, "kept"), "x");
  symlinkSync(join(root, "kept"), join(root, "tree/link"));
  symlinkSync(root, join(root, "tree/up"));
  chmodSync(join(root, "tree/work/work"), 0o000);
  chmodSync(join(root, "tree/work"), 0o500);
  removeTree(join(root, "tree"));
  expect([existsSync(join(root, "tree")), existsSync(join(root, "kept"))]).toEqual([false, true]);
  removeTree(join(root, "never"));
});
