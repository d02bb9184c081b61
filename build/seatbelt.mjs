/**
 * Writes native-profiles/seatbelt/protected.sb from the one list of protected names, main/changes/protected.ts. The file is kept in the
 * repository, so that a profile can be read without a build; a test compares it with this.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
export const protectedFile = `${root}native-profiles/seatbelt/protected.sb`;

/** Seatbelt has no flag for «any case»: each letter becomes a pair. */
const anyCase = (/** @type {string} */ text) => text.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
const plain = (/** @type {string} */ name) => anyCase(name.replaceAll(".", "\\."));

export function protectedFilter() {
  const source = readFileSync(`${root}main/changes/protected.ts`, "utf8");
  const names = (/** @type {string} */ list) => {
    const text = new RegExp(`const ${list} = (?:new Set\\()?\\[([^\\]]*)\\]`).exec(source)?.[1] ?? "";
    const found = [...text.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
    if (found.length === 0) throw new Error(`no list ${list} in protected.ts`);
    return found;
  };
  const pattern = (/** @type {string} */ name) => {
    const text = new RegExp(`const ${name} = /(.*)/;`).exec(source)?.[1];
    if (text === undefined) throw new Error(`no pattern ${name} in protected.ts`);
    return text.replaceAll("(?:", "(").replaceAll("\\/", "/");
  };
  const end = "[. ]*(/|$)";
  const obeyed = pattern("inGit").replace(/^\^\(|\)\(\/\|\$\)$/g, "").split("|");
  return [
    ";; Names that other programs run or obey, present or absent, in any case of letters. Made by build/seatbelt.mjs from main/changes/protected.ts.",
    ";; One filter, put by seatbelt.ts into a denial for the original of each editable folder: whatever opens it by mistake, these are not written.",
    "(require-any",
    "  ;; what git runs or obeys, in every repository below",
    ...obeyed.map((name) => `  (regex #"/\\.${anyCase("git")}[. ]*/${anyCase(name)}${end}")`),
    "  ;; folders whose content editors, agents and the system run by themselves",
    ...names("folders").map((name) => `  (regex #"/${plain(name)}${end}")`),
    "  ;; the same, known by two names",
    `  (regex #"${anyCase(pattern("pairs"))}")`,
    "  ;; files that shells, package managers, git and editors run or obey at their start",
    ...names("files").map((name) => `  (regex #"/${plain(name)}[. ]*$")`),
    "  ;; files that start programs when opened",
    ...names("endings").map((name) => `  (regex #"${plain(name)}[. ]*$")`),
    ")", "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(protectedFile, protectedFilter());
