/** Bundles the contained worker into one file. */
import { join } from "node:path";
import { rolldown } from "rolldown";

/** @param {{ root: string, dist: string }} places */
export async function buildWorker({ root, dist }) {
  const bundle = await rolldown({ input: join(root, "main/changes/worker.ts"), platform: "node" });
  await bundle.write({ file: join(dist, "changesWorker.mjs"), format: "esm" });
}
