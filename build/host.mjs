/** Bundles the host: one start file per door, the rest split so that a command loads only what it uses. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** @param {{ root: string, dist: string }} places */
export async function buildHost({ root, dist }) {
  const out = join(dist, "main");
  rmSync(out, { recursive: true, force: true });
  const electron = join(root, "main/app/electron.ts");
  const bundle = await rolldown({
    input: { bulkhead: join(root, "main/app/bulkhead.ts"), ...(existsSync(electron) ? { electron } : {}) },
    platform: "node",
    external: [/\.node$/, "node-pty", "@napi-rs/keyring", /^@napi-rs\/keyring\//, "electron", "bufferutil", "utf-8-validate"],
  });
  await bundle.write({ dir: out, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs", minify: true });
  const preload = join(root, "main/window/preload.ts");
  if (!existsSync(preload)) return;
  const bridge = await rolldown({ input: preload, platform: "node", external: ["electron"] });
  await bridge.write({ file: join(out, "preload.cjs"), format: "cjs" });
}
