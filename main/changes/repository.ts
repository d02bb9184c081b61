/** Folders that git takes for a repository by what lies in them, whatever their name is. */
import { dirname } from "node:path";
import { isWhiteout, namesIn, onDisk, statOf, type LayerChange, type Roots } from "./entry.ts";
import { folded, inGit } from "./protected.ts";

/** What makes a folder a repository in git's eyes. */
const marks = /^(?:head|objects|refs|commondir)(?:\/|$)/;

/** The rules that protect a change because of what stands beside it, each folder looked at once. */
export function repositoryRules(roots: Roots): (change: Pick<LayerChange, "path" | "kind" | "change">) => string | undefined {
  const known = new Map<string, boolean>();
  /** After everything staged would be applied, or as it stands: HEAD, and either its objects and refs or a pointer to them. */
  const isRepository = (folder: string, staged: boolean): boolean => {
    const key = `${staged ? "staged" : "now"}/${folder}`;
    const found = known.get(key) ?? hasMarks(staged ? [roots.upper, roots.original] : [roots.original], folder);
    known.set(key, found);
    return found;
  };
  return (change) => {
    const parts = change.path.split("/").map(folded);
    if (parts.at(-1) === ".git" && (change.kind !== "folder" || change.change === "edited")) return "it would lead git to another place";
    for (let folder = dirname(change.path), depth = parts.length - 1; ; folder = dirname(folder), depth--) {
      const inside = parts.slice(depth).join("/");
      if (inGit.test(inside) && isRepository(folder, true)) return "the folder is a repository, and git would run or obey it";
      // In steps: a harmless «config» today, what makes git obey it tomorrow.
      if (marks.test(inside) && parts[depth - 1] !== ".git" && change.change !== "deleted" && isRepository(folder, true) && !isRepository(folder, false)) {
        return "it would make the folder a repository, and git would obey what lies in it";
      }
      if (folder === ".") return undefined;
    }
  };
}

function hasMarks(places: readonly string[], folder: string): boolean {
  const stands = (root: string, name: string): boolean => {
    const stat = statOf(onDisk(root, `${folder}/${name}`));
    return stat !== undefined && !isWhiteout(stat);
  };
  const names = new Set(places.flatMap((root) => (namesIn(onDisk(root, folder)) ?? []).filter((name) => marks.test(folded(name)) && stands(root, name)).map(folded)));
  return names.has("head") && ((names.has("objects") && names.has("refs")) || names.has("commondir"));
}
