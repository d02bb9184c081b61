/**
 * Removes a folder of our own with all that is in it, whatever an agent made of it: without any right (an overlay leaves its work
 * folder so), deeper than a path can say, with names that are no text. Links are removed, never followed.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, opendirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";

/** Bytes below the top after which a folder is moved up before it is emptied; the system takes 4,096 in all. */
const longest = 1000;
const tries = 4;

/** A folder that is not there is no error. */
export function removeTree(path: string | Buffer): void {
  const top = Buffer.from(path);
  const found = lstatSync(top, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isDirectory()) return unlinkSync(top);
  for (let left = tries; ; left--) {
    const moved = { count: 0 };
    try {
      empty(top, { top, moved });
      return rmdirSync(top);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      // What was moved up goes in the next round; a program that is just ending may still have made something.
      if (moved.count > 0) left = tries;
      else if (left === 0 || !["ENOTEMPTY", "EEXIST", "EBUSY", "ENOENT"].includes(code)) throw error;
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}

function empty(folder: Buffer, tree: { top: Buffer; moved: { count: number } }): void {
  chmodSync(folder, 0o700);
  for (const name of namesIn(folder)) {
    const path = Buffer.concat([folder, Buffer.from("/"), name]);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) continue;
    if (!found.isDirectory()) unlinkSync(path);
    else if (path.length - tree.top.length > longest) {
      moveUp(path, tree.top);
      tree.moved.count++;
    } else {
      empty(path, tree);
      rmdirSync(path);
    }
  }
}

/** A moved folder's own rights are needed too, for its entry «..». */
function moveUp(path: Buffer, top: Buffer): void {
  chmodSync(path, 0o700);
  renameSync(path, Buffer.concat([top, Buffer.from(`/.gone-${randomBytes(8).toString("hex")}`)]));
}

function* namesIn(folder: Buffer): Generator<Buffer> {
  // The types know neither a path nor an encoding of bytes here; Node does.
  const directory = opendirSync(folder, { encoding: "buffer" as BufferEncoding, bufferSize: 1024 });
  try {
    for (let entry = directory.readSync(); entry; entry = directory.readSync()) yield entry.name as unknown as Buffer;
  } finally {
    directory.closeSync();
  }
}
