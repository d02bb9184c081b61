/** The contained process for work on a grant's files: one request on standard input, one answer on standard output. */
import { readFileSync } from "node:fs";
import { identityOf, type Seen } from "./conflict.ts";
import { listLayer } from "./layer.ts";
import { applyChanges, discardChanges } from "./settle.ts";

const roots = { original: "/original", upper: "/upper" };
const request = JSON.parse(readFileSync(0, "utf8")) as { verb: "list" | "apply" | "discard"; paths?: string[]; seen?: Seen };

function answer(): unknown {
  const all = listLayer(roots);
  if (request.verb === "list") return { changes: all, seen: Object.fromEntries(all.map((change) => [change.from ?? change.path, identityOf(roots, change.from ?? change.path)])) };
  const wanted = new Set(request.paths ?? all.map((change) => change.path));
  const chosen = all.filter((change) => wanted.has(change.path));
  const missing = [...wanted].filter((path) => !all.some((change) => change.path === path)).map((path) => ({ path, reason: "there is no such staged change" }));
  const settled = request.verb === "apply" ? applyChanges({ ...roots, kept: "/kept", seen: request.seen ?? {} }, chosen) : discardChanges(roots, chosen, request.paths === undefined);
  return { ...settled, refused: [...settled.refused, ...missing] };
}

process.stdout.write(`${JSON.stringify(answer())}\n`);
