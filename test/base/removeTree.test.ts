import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
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

test("a tree deeper than any path, closed on its way, with names that are no text, goes whole", () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "tree"));
  execFileSync("/usr/bin/python3", ["-c", `
import os
os.mkdir(b"x\\xff"); open(b"x\\xff/y\\xfe", "w")
top = os.getcwd()
for width in range(3):
    os.chdir(top)
    for depth in range(3000):
        name = "d" * (1 if width else 255) + str(width)
        name = name[:255]
        os.mkdir(name); os.chdir(name)
        if depth % 500 == 0: os.symlink("/etc", "out"); os.mkdir("closed"); os.chmod("closed", 0)
        if width == 0 and depth > 50: break
`], { cwd: join(root, "tree") });
  removeTree(join(root, "tree"));
  expect(readdirSync(root)).toEqual([]);
}, 60_000);
