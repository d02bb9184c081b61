/**
 * One writer per conversation, across processes. The lock appears whole or not at all, and names its holder so that a later start can judge it.
 * Only the lock of a holder that is certainly dead is taken over; what cannot be judged (another machine or namespace, a file that is
 * no lock of ours) stays and is said.
 */
import { existsSync, linkSync, lstatSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { holderPid, lifeOf, readOwnFile, thisProcess } from "../base/holder.ts";

/** Takes the lock at `path`: the release, or `busy` with the holder's pid. A dead holder's lock is taken over. */
export function takeLock(path: string, tries = 2): Outcome<() => void> {
  const mine = thisProcess();
  if (place(path, mine)) {
    let held = true;
    return done(() => {
      if (held && readOwnFile(path) === mine) unlinkSync(path);
      held = false;
    });
  }
  if (tries > 0 && removeDeadLock(path) !== "held") return takeLock(path, tries - 1);
  const pid = holderPid(readOwnFile(path) ?? "");
  return pid === undefined
    ? failed("busy", "This conversation is locked by something that is no lock of Bulkhead's.", `If no Bulkhead works on it, remove ${path}`)
    : failed("busy", `Another Bulkhead (process ${pid}) is working on this conversation.`, "Wait until it is done, or close it.");
}

/** Removes the lock of a holder that is certainly dead. Moved aside first: what was judged is what is removed. */
export function removeDeadLock(path: string): "gone" | "removed" | "held" {
  if (!lstatSync(path, { throwIfNoEntry: false })) return "gone";
  const found = readOwnFile(path);
  if (found === undefined || lifeOf(found) !== "dead") return "held";
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch {
    return "gone";
  }
  const same = readOwnFile(aside) === found;
  // Somebody was quicker and this is their new lock: it goes back.
  if (!same && !existsSync(path)) linkSync(aside, path);
  unlinkSync(aside);
  return same ? "removed" : "held";
}

/** Written beside and linked into place: there is never a lock without a name in it. */
function place(path: string, holder: string): boolean {
  const beside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(beside, holder, { flag: "wx", mode: 0o600 });
    linkSync(beside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}
