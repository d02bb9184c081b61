/** Lines about files: the person's, other people's, the system's, and the folders on the desk. */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FolderMount, SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { absence, all, entries, few, type Line } from "./line.ts";
import type { Answer, Step } from "./step.ts";
import type { ProvePlaces, World } from "./world.ts";

export interface FileGround { world: World; places: ProvePlaces; keyStores: readonly string[]; spec: SandboxSpec }

export function fileLines(ground: FileGround): Line[] {
  const { world, places } = ground;
  return [
    homeLine(ground), peopleLine(ground),
    { id: "temporary", subject: "temporary files", holds: "not there", fails: "there", tried: "files planted in /tmp, /var/tmp and /dev/shm", ...absence(world.temporaryFiles) },
    runLine(),
    { id: "own", subject: "Bulkhead's own settings and records", holds: "not there", fails: "there", tried: "its data and settings folders", ...absence([places.data, places.config].filter((path) => existsSync(path))) },
    ...readFolders(ground), ...editFolders(ground),
  ];
}

function homeLine({ world, places, keyStores, spec }: FileGround): Line {
  const stores = keyStores.map((name) => join(places.home, name)).filter((path) => existsSync(path));
  const found = absence([world.homeFile, ...stores]);
  const listing: Step = ["names", places.home];
  return {
    id: "home", subject: "your home", holds: "not there", fails: "there",
    tried: `a file planted in ${world.homeFile.slice(0, world.homeFile.lastIndexOf("/"))}, the places where keys and passwords lie (${stores.length} here), the names in ${places.home}`,
    inside: [...found.inside, listing], control: [...found.control, listing],
    judge(inside, control) {
      const judged = found.judge(inside.slice(0, -1), control.slice(0, -1));
      const strange = entries(inside.at(-1)).filter((name) => !leadsTo(join(places.home, name), spec));
      const listed = strange.length === 0 ? "no names of your home" : `names of your home: ${few(strange)}`;
      return { ...judged, held: judged.held && strange.length === 0, reached: judged.reached && control.at(-1)?.errno === 0, inside: `${judged.inside}, ${listed}` };
    },
  };
}

/** What exists inside because a granted folder lies in it, or because it is the private home. */
const leadsTo = (path: string, spec: SandboxSpec): boolean => [...spec.folders.map((folder) => folder.path), "/home/agent"].some((folder) => folder === path || folder.startsWith(`${path}/`));

function peopleLine({ spec }: FileGround): Line {
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":")[0] ?? "").filter((name) => name !== "" && !["root", "agent", "nobody"].includes(name));
  const steps: Step[] = [["see", "/etc/passwd"], ["names", "/home"], ["names", "/root"]];
  const named = (answer: Answer | undefined): string[] => {
    const there = new Set((answer?.text ?? "").split("\n").map((line) => line.split(":")[0]));
    return accounts.filter((name) => there.has(name));
  };
  return {
    id: "people", subject: "other people of this computer", holds: "not there", fails: "there", tried: "their names in the list of accounts, their homes, the administrator's home", inside: steps, control: steps,
    judge(inside, control) {
      const homes = [...entries(inside[1]).map((name) => join("/home", name)), ...entries(inside[2]).map((name) => join("/root", name))].filter((path) => !leadsTo(path, spec));
      const seen = [...named(inside[0]), ...homes];
      const known = named(control[0]);
      return {
        held: seen.length === 0, reached: known.length > 0,
        inside: seen.length === 0 ? "no account and no home but the sandbox's own" : `there: ${few(seen)}`, control: `${known.length} accounts listed`,
      };
    },
  };
}

function runLine(): Line {
  const steps: Step[] = [["names", "/run"]];
  return {
    id: "run", subject: "the system's run directory", holds: "not there", fails: "there", tried: "the names in /run", inside: steps, control: steps,
    judge(inside, control) {
      const strange = entries(inside[0]).filter((name) => name !== "bulkhead");
      const real = entries(control[0]).filter((name) => name !== "bulkhead");
      return { held: strange.length === 0, reached: real.length > 0, inside: strange.length === 0 ? "only the sandbox's own directory" : `there: ${few(strange)}`, control: `${real.length} names listed` };
    },
  };
}

/** A file that the person could change: opened for writing and closed again, nothing is written. */
function changeable(folder: string): string | undefined {
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name)).find((path) => {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const proofFile = (folder: FolderMount, world: World): string => join(folder.path, `.bulkhead-proof-${world.canary}`);

function readFolders({ world, spec }: FileGround): Line[] {
  const folders = spec.folders.filter((folder) => folder.access === "read");
  if (folders.length === 0) return [];
  const files = folders.flatMap((folder) => changeable(folder.path) ?? []);
  const writes = files.map((path): Step => ["write", path]);
  return [{
    id: "read-folders", subject: "folders handed over for reading", holds: "cannot be changed", fails: "can be changed",
    tried: `a new file in ${few(folders.map((folder) => folder.path))}${files.length > 0 ? `, opening ${few(files)} for writing` : ""}`,
    inside: [...folders.map((folder): Step => ["create", proofFile(folder, world), world.canary]), ...writes],
    control: [...folders.map((folder): Step => ["may", folder.path]), ...writes],
    judge(inside, control) {
      const reached = all(control, (answer) => answer.errno === 0);
      const changed = folders.filter((folder) => existsSync(proofFile(folder, world)));
      const held = changed.length === 0 && all(inside, (answer) => answer.errno !== 0);
      return { held, reached, inside: held ? "refused" : `let through${changed.length > 0 ? ` in ${few(changed.map((folder) => folder.path))}` : ""}`, control: reached ? "you may write there yourself" : "you may not write there yourself" };
    },
  }];
}

function editFolders({ world, spec }: FileGround): Line[] {
  const folders = spec.folders.filter((folder) => folder.access === "edit");
  if (folders.length === 0) return [];
  return [{
    id: "edit-folders", subject: "folders handed over for editing", holds: "originals unchanged", fails: "originals changed", tried: `a new file in ${few(folders.map((folder) => folder.path))}`,
    inside: folders.map((folder): Step => ["create", proofFile(folder, world), world.canary]),
    control: [],
    judge(inside) {
      const changed = folders.filter((folder) => existsSync(proofFile(folder, world)));
      const kept = folders.filter((folder) => existsSync(join(folder.upper ?? "/nonexistent", `.bulkhead-proof-${world.canary}`)));
      // Nothing staged and nothing changed: nothing was written at all, and nothing is shown.
      const written = all(inside, (answer) => answer.errno === 0) && kept.length + changed.length >= folders.length;
      return { held: changed.length === 0, reached: written, inside: changed.length === 0 ? "the original folder has no new file" : `a new file in ${few(changed.map((folder) => folder.path))}`, control: kept.length > 0 ? `the new file is held beside it, ${kept.length} times` : "no new file is held beside it" };
    },
  }];
}

/** What a missing fence let the probe leave in a folder of the person. */
export const leftInFolders = (spec: SandboxSpec, world: World): string[] => spec.folders.map((folder) => proofFile(folder, world)).filter((path) => existsSync(path));
