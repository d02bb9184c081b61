/** Bundles the page. */
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { build } from "vite";

/**
 * Builds renderer/ into `dist`/renderer.
 * @param {{ root: string, dist: string }} o absolute paths
 */
export async function buildPage(o) {
  // The page is always the release's: React and vite read this name, whoever builds (a test run says «test»).
  process.env.NODE_ENV = "production";
  await build({
    root: join(o.root, "renderer"),
    configFile: false,
    base: "./",
    logLevel: "warn",
    mode: "production",
    plugins: [react()],
    // No inlined assets and no module preload polyfill: the page's policy allows files of its own, and nothing inline.
    build: { outDir: join(o.dist, "renderer"), target: "chrome140", assetsInlineLimit: 0, modulePreload: { polyfill: false }, emptyOutDir: true, chunkSizeWarningLimit: 2000 },
  });
}
