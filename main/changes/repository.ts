/** Folders that git takes for a repository by what lies in them, whatever their name is. */
import { dirname } from "node:path";
import { statOf, type Roots } from "./entry.ts";
import { folded, inGit } from "./protected.ts";

/** The rule that protects `path` because of what stands beside it; undefined where there is none. */
export function repositoryRule(roots: Roots, path: string, kind: string): string | undefined {
  if (folded(path.split("/").at(-1) ?? "") === ".git" && kind !== "folder") return "it would lead git to another place";
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const inside = folder === "." ? path : path.slice(folder.length + 1);
    if (inGit.test(inside.split("/").map(folded).join("/")) && isRepository(roots, folder)) return "the folder is a repository, and git would run or obey it";
    if (folder === ".") return undefined;
  }
}

/** After everything staged would be applied: HEAD, and either its objects and refs or a pointer to them. */
function isRepository(roots: Roots, folder: string): boolean {
  const has = (name: string): boolean => [roots.upper, roots.original].some((root) => statOf(`${root}/${folder}/${name}`) !== undefined);
  return has("HEAD") && ((has("objects") && has("refs")) || has("commondir"));
}
