/** One writer per conversation, across processes. The lock names its holder by pid and start time, so a recycled pid holds nothing. */
import { closeSync, constants, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { done, failed, type Outcome } from "../../protocol/problem.ts";

/** Takes the lock at `path`: the release, or `busy` with the holder's pid. A dead holder's lock is taken over. */
export function takeLock(path: string, tries = 2): Outcome<() => void> {
  try {
    const file = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
    writeSync(file, `${process.pid} ${startTime(process.pid) ?? ""}`);
    closeSync(file);
    let held = true;
    return done(() => {
      if (held) unlinkSync(path);
      held = false;
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const [pid, started] = readHolder(path);
  if (pid !== undefined && startTime(pid) === started) {
    return failed("busy", `Another Bulkhead (process ${pid}) is working on this conversation.`, "Wait until it is done, or close it.");
  }
  if (tries === 0) return failed("busy", "Another Bulkhead is taking this conversation right now.", "Try again.");
  try {
    unlinkSync(path);
  } catch {
    // Somebody else was quicker: the next try finds their lock.
  }
  return takeLock(path, tries - 1);
}

function readHolder(path: string): [number | undefined, string | undefined] {
  try {
    const [pid, started] = readFileSync(path, "utf8").split(" ");
    return [Number(pid) || undefined, started];
  } catch {
    return [undefined, undefined];
  }
}

/** Field 22 of /proc/PID/stat; where there is no /proc, whether the process lives. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    if (process.platform === "linux") return undefined;
    try {
      process.kill(pid, 0);
      return "";
    } catch {
      return undefined;
    }
  }
}
