/**
 * Who holds a lock or a directory, written so that a later start can judge it: pid, start time (field 22 of /proc/PID/stat), boot id,
 * pid and time namespace, machine. A pid alone says nothing: it is given to others. What cannot be judged is "unknown", never "dead".
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export type Life = "alive" | "dead" | "unknown";

/** One line for the file that names the holder. */
export function thisProcess(): string {
  const here = readHere();
  return ["bulkhead", process.pid, startTime(process.pid) ?? "-", here.boot, here.namespaces, here.machine].join(" ");
}

/** The pid that a holder's line names, to be shown to a person. */
export const holderPid = (line: string): string | undefined => /^bulkhead (\d+) /.exec(line)?.[1];

/** Judges the holder that `line` names. Dead only where that is certain from here. */
export function lifeOf(line: string): Life {
  const [, pid = "", started = "", boot = "", namespaces = "", machine = ""] = /^bulkhead ([1-9]\d{0,9}) (\d+|-) (\S+) (\S+) (\S+)\n?$/.exec(line) ?? [];
  const here = readHere();
  if (pid === "" || machine !== here.machine) return "unknown";
  if (process.platform !== "linux") return answers(Number(pid)) ? "alive" : "dead";
  if (boot === "-" || here.boot === "-" || !here.proc) return "unknown";
  if (boot !== here.boot) return "dead";
  if (namespaces !== here.namespaces || started === "-") return "unknown";
  return startTime(Number(pid)) === started ? "alive" : "dead";
}

/** The text of a small regular file of this user's own; a link, a FIFO, a device, a foreign or a big file is not read and never waited for. */
export function readOwnFile(path: string): string | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const found = fstatSync(file);
      if (!found.isFile() || found.size > 400 || (process.getuid && found.uid !== process.getuid())) return undefined;
      const bytes = Buffer.alloc(400);
      return bytes.toString("utf8", 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

interface Here { boot: string; namespaces: string; machine: string; /** /proc shows our own pid namespace. */ proc: boolean }

function readHere(): Here {
  const read = (of: () => string): string => {
    try {
      return of().trim().replace(/\s+/g, "_") || "-";
    } catch {
      return "-";
    }
  };
  return {
    boot: read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    namespaces: `${read(() => readlinkSync("/proc/self/ns/pid"))},${read(() => readlinkSync("/proc/self/ns/time"))}`,
    machine: read(() => `${hostname()},${read(() => readFileSync("/etc/machine-id", "utf8"))}`),
    proc: read(() => readlinkSync("/proc/self")) === String(process.pid),
  };
}

/** Undefined where there is no such process, or only its remains that nobody collected yet. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A leader that ended while its threads go on looks like remains too.
    const remains = (fields[0] === "Z" || fields[0] === "X") && Number(fields[17]) <= 1;
    return remains ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
