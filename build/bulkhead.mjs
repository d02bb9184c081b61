#!/usr/bin/env node
/**
 * The package's `bin`: the built program under Node 24, with its compile cache; an older Node hands over to the one in node_modules.
 * Builtins are taken as they are needed: this file is part of the start of every command.
 */
const root = decodeURIComponent(new URL("..", import.meta.url).pathname);
const fs = process.getBuiltinModule?.("node:fs") ?? (await import("node:fs"));
const packed = `${root}node_modules/node-${process.platform}-${process.arch}/bin/node`;
if (Number(process.versions.node.split(".")[0]) < 24 && fs.existsSync(packed)) {
  const { spawnSync } = await import("node:child_process");
  const { status, signal } = spawnSync(packed, [`${root}build/bulkhead.mjs`, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(signal ? 1 : (status ?? 1));
}
process.getBuiltinModule("node:module").enableCompileCache(`${root}dist/.compile-cache`);
const program = `${root}dist/main/bulkhead.mjs`;
if (!fs.existsSync(program)) {
  const { setUp } = await import("./setUp.mjs");
  await setUp({ forTests: false });
}
await import(program);
