/** Bundles the host: one start file per door, the rest split so that a command loads only what it uses. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/**
 * An `import … from "node:http"` reads every export of it, a lazy one too that loads a whole fetch implementation (20 ms of a
 * command's start). Taken as a builtin object instead, only the named ones are read.
 */
const leanHttp = {
  name: "lean-http",
  /** @param {string} id */
  resolveId: (id) => (id === "node:http" || id === "http" ? "\0lean-http" : null),
  /** @param {string} id */
  load(id) {
    if (id !== "\0lean-http") return null;
    const names = ["createServer", "request", "get", "Agent", "Server", "IncomingMessage", "ServerResponse", "ClientRequest", "OutgoingMessage", "STATUS_CODES", "METHODS", "globalAgent", "maxHeaderSize", "validateHeaderName", "validateHeaderValue"];
    return `const http = process.getBuiltinModule("node:http"); export default http;\n${names.map((name) => `export const ${name} = http.${name};`).join("\n")}`;
  },
};

/** @param {{ root: string, dist: string }} places */
export async function buildHost({ root, dist }) {
  // Built beside and put in place at the end: a build that fails leaves the old program whole.
  const out = join(dist, `main.${process.pid}`);
  const electron = join(root, "main/app/electron.ts");
  const bundle = await rolldown({
    input: { bulkhead: join(root, "main/app/bulkhead.ts"), ...(existsSync(electron) ? { electron } : {}) },
    platform: "node",
    plugins: [leanHttp],
    external: [/\.node$/, "node-pty", "@napi-rs/keyring", /^@napi-rs\/keyring\//, "electron", "bufferutil", "utf-8-validate"],
  });
  await bundle.write({ dir: out, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs", minify: true,
    // One file for what every command needs: each further one costs a millisecond and a half to find and link.
    codeSplitting: { groups: [{ name: "core", test: /\/(?:protocol\/(?:problem|grant|change|conversation|sandboxSpec|settings|fold)\.|main\/(?:base|terminal\/(?:main|parse|print)|conversation|settings|feed|sandbox|grants|egress\/(?:lazyEgress|rule|host)|app\/(?:places|rooms|desk|network|terminalDeps))|node_modules\/zod)/ }] },
  });
  const preload = join(root, "main/window/preload.ts");
  if (existsSync(preload)) {
    const bridge = await rolldown({ input: preload, platform: "node", external: ["electron"] });
    await bridge.write({ file: join(out, "preload.cjs"), format: "cjs" });
    await bridge.close();
  }
  await bundle.close();
  rmSync(join(dist, "main"), { recursive: true, force: true });
  renameSync(out, join(dist, "main"));
}
