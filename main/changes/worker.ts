/** The contained process for work on a grant's files: one request on standard input, one answer on standard output. */
import { readFileSync } from "node:fs";
import { firstSight, sourceOf, type Seen } from "./conflict.ts";
import type { LayerChange } from "./entry.ts";
import { listLayer, mostListed } from "./layer.ts";
import { opaqueFolders } from "./opaque.ts";
import { discardChanges } from "./discard.ts";
import { applyChanges } from "./settle.ts";

const roots = { original: "/original", upper: "/upper" };
const request = JSON.parse(readFileSync(0, "utf8")) as { verb: "list" | "apply" | "discard"; paths?: string[]; seen: Seen };

function answer(): unknown {
  const at = Date.now();
  const opaque = opaqueFolders(roots);
  const all = listLayer(roots, opaque);
  const seen = { at, paths: look(all, opaque) };
  if (request.verb === "list") return { changes: all, seen };
  const wanted = new Set(request.paths ?? all.map((change) => change.path));
  const chosen = all.filter((change) => wanted.has(change.path));
  const there = new Set(all.map((change) => change.path));
  const missing = [...wanted].filter((path) => !there.has(path)).map((path) => ({ path, reason: "there is no such staged change" }));
  const settled = request.verb === "apply" ? applyChanges({ ...roots, kept: "/kept", seen: { ...request.seen, paths: seen.paths } }, chosen) : discardChanges(roots, chosen, request.paths === undefined);
  // What was written now is not the person's: the next look begins after it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
  return { ...settled, refused: [...settled.refused, ...missing], seen: { ...seen, at: Date.now() } };
}

/** The first sight counts: a later one would take the person's own edit for what the agent started from. */
function look(all: readonly LayerChange[], opaque: Set<string>): Seen["paths"] {
  const known = request.seen;
  const paths: Seen["paths"] = Object.create(null) as Seen["paths"];
  for (const change of all) {
    // A folder whose list was cut: what is listed of it later is no newer than the rest.
    if (all.length >= mostListed && change.kind === "folder") continue;
    paths[sourceOf(change)] = (Object.hasOwn(known.paths, sourceOf(change)) ? known.paths[sourceOf(change)] : undefined) ?? firstSight(roots, change, known);
  }
  // A folder made anew is no change of its own; remembered, so that what comes to stand below it later is known as new.
  for (const folder of opaque) paths[folder] ??= "folder";
  return paths;
}

process.stdout.write(`${JSON.stringify(answer())}\n`);
