/**
 * Spec → seatbelt profile for macOS, from the same SandboxSpec that bubblewrap gets. A pure function but for reading the profile's fixed parts.
 * Everything starts denied; paths travel as parameters, never as text of the profile, so no name can be read as a rule.
 * `edit` opens the staged copy (`upper`) for writing; the original stays read-only. Tested by evaluation and mutation; not yet run on a Mac.
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
  /** The terminal that this launch is given, by path: without it not even its size could be asked for. */
  terminal?: string;
  /** Our own loopback ports of this conversation; each asks for its token. */
  ports?: readonly number[];
}

export interface SeatbeltPlan { argv: string[]; profile: string }

// The same relative place from the source and from the bundle in dist/main.
export const seatbeltPart = (name: string): string => readFileSync(fileURLToPath(new URL(`../../native-profiles/seatbelt/${name}`, import.meta.url)), "utf8");

export function seatbeltPlan(spec: SandboxSpec, places: SeatbeltPlaces): SeatbeltPlan {
  const parameters = new Map<string, string>([
    ["NODE", places.node], ["AGENT", places.agent],
    ["PRIVATE_HOME", `${places.runDirectory}/home`], ["PRIVATE_TMP", `${places.runDirectory}/tmp`],
    ["KEYCHAINS", `${places.home}/Library/Keychains`], ["SSH", `${places.home}/.ssh`], ["GNUPG", `${places.home}/.gnupg`], ["AGENTS", `${places.home}/Library/LaunchAgents`],
  ]);
  const own = specRules(spec, places, parameters);
  // Order matters: the base, then what this spec opens, then what nothing may open: the last match wins.
  const profile = [seatbeltPart("base.sb"), ...own, seatbeltPart("denied.sb")].join("\n");
  const defines = [...parameters].flatMap(([name, value]) => ["-D", `${name}=${value}`]);
  return { argv: ["/usr/bin/sandbox-exec", "-p", profile, ...defines, ...spec.command], profile };
}

const both = (name: string): string => `(literal (param "${name}")) (subpath (param "${name}"))`;

function specRules(spec: SandboxSpec, places: SeatbeltPlaces, parameters: Map<string, string>): string[] {
  const rules: string[] = [];
  const last: string[] = [];
  const ways = new Set<string>();
  const walk = (path: string): void => {
    for (let way = dirname(path); way !== "/" && way !== "."; way = dirname(way)) ways.add(way);
  };
  const name = (kind: string, path: string): string => {
    const key = `${kind}_${parameters.size}`;
    parameters.set(key, path);
    walk(path);
    return key;
  };
  walk(`${places.runDirectory}/home`);
  walk(places.node);
  walk(places.agent);
  for (const folder of spec.folders) {
    const original = name("READ", folder.path);
    rules.push(`(allow file-read* process-exec file-map-executable ${both(original)}) ; a granted folder`);
    if (folder.access !== "edit" || folder.upper === undefined) continue;
    const copy = name("EDIT", folder.upper);
    rules.push(`(allow file-read* file-write* process-exec file-map-executable ${both(copy)}) ; its staged copy`);
    last.push(
      `(deny file-write-unlink file-write-create (literal (param "${copy}"))) ; the copy itself is not moved away or replaced by a link`,
      `(deny file-write* (require-all (subpath (param "${original}"))\n${seatbeltPart("protected.sb").trim()})) ; in the original no such name is written, whatever opened it`,
    );
  }
  if (spec.trustBundle !== undefined) rules.push(`(allow file-read* (literal (param "${name("TRUST", spec.trustBundle)}"))) ; public certificates of this conversation`);
  const steps = [...ways].map((way, index) => {
    parameters.set(`WAY_${index}`, way);
    return `(literal (param "WAY_${index}"))`;
  }).join(" ");
  return [
    ...rules,
    `(allow file-read-metadata ${steps}) ; stat of the folders on the way to the above; no listing`,
    ...connectionRules(places, parameters),
    ...last,
    `(deny file-write-unlink file-write-create ${steps}) ; nor are those moved away: what is denied by its path would come back under another`,
  ];
}

function connectionRules(places: SeatbeltPlaces, parameters: Map<string, string>): string[] {
  const ports = (places.ports ?? []).map((port) => `(allow network-outbound (remote ip "localhost:${port}")) ; one of this conversation's own ports`);
  if (places.terminal === undefined) return ports;
  parameters.set("TERMINAL", places.terminal);
  return [...ports, `(allow file-read* file-write-data file-ioctl (literal (param "TERMINAL"))) ; the terminal that it was given`];
}
