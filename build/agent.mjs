/** Bundles the agent: dist/agent/agent.mjs and the parts it loads on use. The sandbox sees this folder and no node_modules. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** @param {{ root: string; dist: string }} places */
export async function buildAgent({ root, dist }) {
  const dir = join(dist, "agent");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const bundle = await rolldown({ input: { agent: join(root, "agent/boot.ts") }, platform: "node", cwd: root, logLevel: "silent" });
  await bundle.write({
    dir, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs", minify: true,
    // CommonJS parts of the document libraries call require for Node's own modules.
    banner: "import { createRequire as bulkheadRequire } from 'node:module'; const require = bulkheadRequire(import.meta.url);",
  });
  await bundle.close();
}
