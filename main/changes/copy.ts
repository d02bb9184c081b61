/** Copies one regular file beside its place: never through a link, never a device, holes left as holes, the same rights without set-uid, set-gid and sticky bits. */
import { closeSync, constants, copyFileSync, fchmodSync, fstatSync, fsyncSync, ftruncateSync, futimesSync, openSync, readSync, writeSync } from "node:fs";

const step = 1 << 20;

export function copyWhole(from: string, to: string): void {
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(source);
    if (!stat.isFile()) throw new Error("not a file");
    const shared = sharesBlocks(from, to);
    const target = openSync(to, shared ? constants.O_RDWR | constants.O_NOFOLLOW : constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      if (!shared) copyBytes(source, target);
      fchmodSync(target, stat.mode & 0o777);
      futimesSync(target, stat.atime, stat.mtime);
      fsyncSync(target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Where the file system can, both names share their blocks until one is written. */
function sharesBlocks(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}

function copyBytes(source: number, target: number): void {
  const buffer = Buffer.allocUnsafe(step);
  const zeros = Buffer.alloc(step);
  let at = 0;
  for (let read = readSync(source, buffer, 0, step, at); read > 0; read = readSync(source, buffer, 0, step, at)) {
    const bytes = buffer.subarray(0, read);
    if (!bytes.equals(zeros.subarray(0, read))) for (let done = 0; done < read;) done += writeSync(target, bytes, done, read - done, at + done);
    at += read;
  }
  ftruncateSync(target, at);
}
