/** Files of our own: written beside and renamed into place, so a reader sees the old or the new text, never half of it. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";

/** Writes `text` to `path` with mode 0600. Throws the system's error (ENOSPC, EACCES …) and leaves the old file as it was. */
export function writeFileAtomic(path: string, text: string): void {
  const beside = `${path}.${randomBytes(6).toString("hex")}.new`;
  const file = openSync(beside, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (error) {
    closeSync(file);
    unlinkSync(beside);
    throw error;
  }
  closeSync(file);
  renameSync(beside, path);
}

/** The text of `path`, or undefined where there is no such file. Other errors are thrown. */
export function readFileIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
