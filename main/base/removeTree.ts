/** Removes a folder of our own with all that is in it. An overlay leaves its work folder without any right, and an agent may do so with its own. */
import { chmodSync, lstatSync, readdirSync, rmSync } from "node:fs";

/** Links are removed, never followed. A folder that is not there is no error. */
export function removeTree(path: string): void {
  openFolders(path);
  rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
}

function openFolders(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return;
  if ((found.mode & 0o700) !== 0o700) chmodSync(path, found.mode | 0o700);
  for (const name of readdirSync(path)) openFolders(`${path}/${name}`);
}
