/** Files below a folder, breadth first, links not followed, version control and package folders left out. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

const skipped = new Set([".git", "node_modules", ".svn", ".hg"]);

export async function* walk(folder: string, most = 20_000): AsyncGenerator<string> {
  const waiting = [folder];
  let seen = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const entries = await readdir(next, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(next, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) waiting.push(path);
      if (!entry.isFile()) continue;
      if (++seen > most) return;
      yield path;
    }
  }
}
