/** Paths as the model writes them. There is no check here: what may be reached is decided outside, by the mounts. */
import { homedir } from "node:os";
import { basename, isAbsolute, join, resolve } from "node:path";

export function inside(directory: string, path: string | undefined): string {
  if (!path) return directory;
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? resolve(path) : resolve(directory, path);
}

export const shortName = (path: string | undefined): string => (path ? basename(path) || path : "the folder");

/** The middle of a long text is left out, and says so. */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor(most / 2);
  return `${text.slice(0, half)}\n[… ${text.length - 2 * half} characters left out …]\n${text.slice(-half)}`;
}
