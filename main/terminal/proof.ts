/** A proof as text: what holds, a line each, with what was tried and what inside and outside found. Paths are made visible, never interpreted. */
import type { Proof, ProofLine } from "../../protocol/proof.ts";
import { visible } from "../base/visible.ts";

const marks: { [verdict in ProofLine["verdict"]]: string } = { held: "ok        ", open: "OPEN      ", "not-proved": "NOT PROVED" };

export function proofText(proof: Proof): string {
  const { machine, desk, summary, date } = proof;
  const folders = desk.folders.map(({ path, access }) => `${visible(path, 400)} (${access})`).join(", ") || "no folder";
  const sites = desk.sites.map((site) => visible(site, 200)).join(", ") || "no site";
  const counted = [[summary.held, "held"], [summary.open, "open"], [summary.notProved, "not proved"]].filter(([count], index) => index === 0 || count !== 0).map(([count, word]) => `${count} ${word}`);
  return [
    `proof of ${date.slice(0, 19).replace("T", " ")} UTC · Linux ${visible(machine.kernel, 80)} ${machine.architecture} · bubblewrap ${machine.bubblewrap} · as ${machine.root ? "root" : "a plain user"}`,
    `desk: ${folders}; ${sites}`,
    `launcher ${machine.launcher.slice(0, 16)} · filter ${machine.filter.slice(0, 16)} · spec ${proof.spec.slice(0, 16)}`,
    "",
    ...proof.lines.map(proofLine),
    "",
    `${counted.join(", ")}: ${summary.ok ? "everything held" : summary.open > 0 ? "a fence is missing" : "not everything could be proved"}`,
  ].map((line) => `${line}\n`).join("");
}

const proofLine = (line: ProofLine): string => `${marks[line.verdict]}  ${line.title} · tried: ${visible(line.tried, 1000)} · inside: ${visible(line.inside, 1000)} · outside: ${visible(line.control, 1000)}`;
