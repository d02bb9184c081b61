/** The layer rules, checked on the real import graph. Zero modules is a failure: a cruise that sees nothing proves nothing. */
import { cruise } from "dependency-cruiser";
import { fileURLToPath } from "node:url";

/** Only these may import the named power. */
const powers = {
  "node-pty|^(node:)?child_process": ["main/sandbox/", "main/changes/opaque.ts", "agent/"],
  "^electron$": ["main/window/", "main/app/electron"],
  "@napi-rs/keyring": ["main/vault/"],
  "^(node:)?(net|tls|http|https|dns|dgram|http2)$": ["main/egress/", "main/gateway/", "main/browser/", "main/link/", "main/prove/", "main/sandbox/tokenPort.ts", "agent/"],
  "^(node:)?sqlite$": ["main/feed/"],
};

export const rules = [
  {
    name: "room-alone", severity: "error",
    comment: "A room imports itself, main/base and protocol. Ask for the other room's power as a function in `deps`, wired in main/app.",
    // Every folder of main/ is a room, a new one too; only main/app wires them.
    from: { path: "^main/([^/]+)/", pathNot: "^main/(app|base)/" }, to: { path: "^(main|agent|renderer|build|test)/", pathNot: "^main/($1|base)/" },
  },
  { name: "protocol-is-pure", severity: "error", comment: "protocol/ holds contracts and pure folds: it imports zod and itself.", from: { path: "^protocol/" }, to: { pathNot: "^(protocol/|node_modules/zod/)" } },
  { name: "base-is-low", severity: "error", comment: "main/base is below the rooms.", from: { path: "^main/base/" }, to: { path: "^main/", pathNot: "^main/base/" } },
  { name: "agent-alone", severity: "error", comment: "Inside the sandbox there is no host code.", from: { path: "^agent/" }, to: { path: "^(main|renderer|build|test)/" } },
  { name: "page-alone", severity: "error", comment: "The page knows the API of protocol/ only.", from: { path: "^renderer/" }, to: { path: "^(main|agent|build|test)/" } },
  { name: "no-circle", severity: "error", comment: "Two files that need each other are one thought: join or split them.", from: { path: "^(main|protocol|agent|renderer)/" }, to: { circular: true } },
  ...Object.entries(powers).map(([power, holders], index) => ({
    name: `power-${index}`, severity: "error", comment: `Only ${holders.join(", ")} may import ${power}.`,
    from: { path: "^(main|agent|renderer|protocol)/", pathNot: holders.map((holder) => `^${holder}`).join("|") }, to: { path: power },
  })),
];

/** @param {string} baseDir @param {string[]} folders */
export async function cruiseLayers(baseDir, folders) {
  const { output } = await cruise(folders, /** @type {never} */ ({
    baseDir, ruleSet: { forbidden: rules }, validate: true, parser: "swc", tsPreCompilationDeps: true, doNotFollow: { path: "node_modules" }, extraExtensionsToScan: [".mjs"],
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".mjs", ".js"] }, exclude: { path: "\\.cache/" },
  }));
  if (typeof output === "string") throw new Error("an unexpected report");
  return { modules: output.summary.totalCruised, crossings: output.summary.violations.map((one) => `${one.rule.name}: ${one.from} → ${one.to}`) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const { modules, crossings } = await cruiseLayers(root, ["protocol", "main", "agent", "renderer"]);
  for (const crossing of crossings) process.stderr.write(`${crossing}\n`);
  process.stderr.write(`layers: ${modules} modules, ${crossings.length} crossings\n`);
  process.exitCode = modules > 50 && crossings.length === 0 ? 0 : 1;
}
