/**
 * Spec → seatbelt profile for macOS, from the same SandboxSpec that bubblewrap gets. A pure function but for reading the profile's fixed parts.
 * Everything starts denied; paths travel as parameters, never as text of the profile, so no name can be read as a rule.
 * `edit` opens the staged copy (`upper`) for writing; the original stays read-only. Tested by evaluation here; not yet run on a Mac.
 */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";

export interface SeatbeltPlaces {
  /** The person's home: its key stores are denied whatever is granted. */
  home: string;
  /** This launch's own directory: private home, private temporary folder. */
  runDirectory: string;
  node: string;
  agent: string;
}

export interface SeatbeltPlan { argv: string[]; profile: string }

// The same relative place from the source and from the bundle in dist/main.
const fixedPart = (name: string): string => readFileSync(fileURLToPath(new URL(`../../native-profiles/seatbelt/${name}`, import.meta.url)), "utf8");

export function seatbeltPlan(spec: SandboxSpec, places: SeatbeltPlaces): SeatbeltPlan {
  const parameters = new Map<string, string>([
    ["NODE", places.node], ["AGENT", places.agent],
    ["PRIVATE_HOME", `${places.runDirectory}/home`], ["PRIVATE_TMP", `${places.runDirectory}/tmp`],
    ["KEYCHAINS", `${places.home}/Library/Keychains`], ["SSH", `${places.home}/.ssh`], ["GNUPG", `${places.home}/.gnupg`], ["AGENTS", `${places.home}/Library/LaunchAgents`],
  ]);
  const own = specRules(spec, parameters);
  // Order matters: the base, then what this spec opens, then what nothing may open: the last match wins.
  const profile = [fixedPart("base.sb"), ...own, fixedPart("denied.sb")].join("\n");
  const defines = [...parameters].flatMap(([name, value]) => ["-D", `${name}=${value}`]);
  return { argv: ["/usr/bin/sandbox-exec", "-p", profile, ...defines, ...spec.command], profile };
}

function specRules(spec: SandboxSpec, parameters: Map<string, string>): string[] {
  const both = (name: string): string => `(literal (param "${name}")) (subpath (param "${name}"))`;
  const rules: string[] = [];
  const ways = new Set<string>();
  const name = (kind: string, path: string): string => {
    const key = `${kind}_${parameters.size}`;
    parameters.set(key, path);
    for (let way = dirname(path); way !== "/" && way !== "."; way = dirname(way)) ways.add(way);
    return key;
  };
  for (const folder of spec.folders) {
    rules.push(`(allow file-read* process-exec ${both(name("READ", folder.path))}) ; a granted folder`);
    if (folder.access !== "edit" || folder.upper === undefined) continue;
    const copy = name("EDIT", folder.upper);
    rules.push(
      `(allow file-read* file-write* process-exec ${both(copy)}) ; its staged copy`,
      `(deny file-write-unlink file-write-create (literal (param "${copy}"))) ; the copy itself is not moved away or replaced by a link`,
    );
  }
  for (const socket of [spec.egressSocket, spec.gatewaySocket, spec.linkSocket]) {
    if (socket === undefined) continue;
    const key = name("SOCKET", socket);
    rules.push(
      `(allow network-outbound (remote unix-socket (path-literal (param "${key}")))) ; one of this conversation's own sockets`,
      `(allow file-read* file-write-data (literal (param "${key}"))) ; connecting opens it`,
    );
  }
  if (spec.trustBundle !== undefined) rules.push(`(allow file-read* (literal (param "${name("TRUST", spec.trustBundle)}"))) ; public certificates of this conversation`);
  const steps = [...ways].map((way, index) => {
    parameters.set(`WAY_${index}`, way);
    return `(literal (param "WAY_${index}"))`;
  });
  if (steps.length > 0) rules.push(`(allow file-read-metadata ${steps.join(" ")}) ; stat of the folders on the way to the above; no listing`);
  return rules;
}
