#!/usr/bin/env node
/** The package's `bin`: the built program under Node 24, with its compile cache; an older Node hands over to the one in node_modules. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const packed = `${root}node_modules/node-${process.platform}-${process.arch}/bin/node`;
if (Number(process.versions.node.split(".")[0]) < 24 && existsSync(packed)) {
  const { status, signal } = spawnSync(packed, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(signal ? 1 : (status ?? 1));
}
module.enableCompileCache?.(`${root}dist/.compile-cache`);
const program = `${root}dist/main/bulkhead.mjs`;
if (!existsSync(program)) {
  const { setUp } = await import("./setUp.mjs");
  await setUp({ forTests: false });
}
await import(program);
