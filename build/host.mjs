/** Bundles the host: one start file per door, the rest split so that a command loads only what it uses. */
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/**
 * A static `import … from "node:…"` reads every export of a builtin, lazy ones too: node:http then loads a whole fetch
 * implementation, node:crypto all of web crypto (30 ms of a command's start together). Taken as objects, only what is named is read.
 * @param {string} code one bundled, minified file
 */
export function takeBuiltinsAsObjects(code) {
  return code.replace(/import(?:\{([^}]*)\}|(?:\*as )?\s*([\w$]+))from"(node:[\w/]+)";/g, (...found) => {
    const [whole, names, all, builtin] = found;
    const taken = names === undefined ? all : `{${names.replace(/([\w$]+) as ([\w$]+)/g, "$1:$2")}}`;
    return /\bas\b|default/.test(taken) ? whole : `const ${taken}=process.getBuiltinModule("${builtin}");`;
  });
}

/** @param {{ root: string, dist: string }} places */
export async function buildHost({ root, dist }) {
  // Built beside and put in place at the end: a build that fails leaves the old program whole.
  const out = join(dist, `main.${process.pid}`);
  const electron = join(root, "main/app/electron.ts");
  const bundle = await rolldown({
    input: { bulkhead: join(root, "main/app/bulkhead.ts"), ...(existsSync(electron) ? { electron } : {}) },
    platform: "node",
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
  for (const name of readdirSync(out)) {
    const path = join(out, name);
    if (name.endsWith(".mjs")) writeFileSync(path, takeBuiltinsAsObjects(readFileSync(path, "utf8")));
  }
  rmSync(join(dist, "main"), { recursive: true, force: true });
  renameSync(out, join(dist, "main"));
}
