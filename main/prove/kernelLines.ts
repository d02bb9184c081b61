/** Lines about the kernel: what the filter refuses, which rights are gone, what is read-only, which limits hold. */
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { all, entries, few, refusedCalls, type Line } from "./line.ts";
import { inWords, notPermitted, type Answer, type Step } from "./step.ts";

export const kernelLines = (spec: SandboxSpec): Line[] => [
  terminalLine(), namespacesLine(),
  { id: "mounts", subject: "changing what is mounted", holds: "refused", fails: "let through", tried: "five calls that mount, unmount or change the root", ...refusedCalls(["mount", "umount2", "chroot", "open_tree", "mount_setattr"]) },
  { id: "memory", subject: "other programs' memory", holds: "refused", fails: "let through", tried: "four calls that trace, read or write another process", ...refusedCalls(["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd"]) },
  {
    id: "kernel-calls", subject: "dangerous kernel calls", holds: "refused", fails: "let through", tried: "io_uring, bpf, perf, userfaultfd, key rings, file handles, joining and making namespaces",
    ...refusedCalls(["io_uring_enter", "bpf", "perf_event_open", "userfaultfd", "keyctl", "name_to_handle_at", "setns", "unshare", "clone3"]),
  },
  settingsLine(), rightsLine(), setUidLine(), devicesLine(), limitsLine(spec),
];

const kernelsSwitch = 5;

function terminalLine(): Line {
  const steps: Step[] = [["inject"]];
  return {
    id: "terminal", subject: "typing into a terminal", holds: "refused", fails: "let through", tried: "to put a character into a terminal's input, on a terminal of our own", inside: steps, control: steps,
    // EIO comes from the kernel's own switch, behind the place where the filter refuses. Any other error says that the terminal itself could not be had.
    judge: ([inside], [control]) => ({
      held: inside?.errno !== 0 && inside?.errno !== kernelsSwitch, reached: inside?.errno === notPermitted && (control?.errno === 0 || control?.errno === kernelsSwitch),
      inside: inside?.errno === notPermitted ? "refused by the filter" : inWords(inside), control: inWords(control),
    }),
  };
}

function namespacesLine(): Line {
  const steps: Step[] = [["namespace"]];
  return {
    id: "namespaces", subject: "a sandbox within the sandbox", holds: "refused", fails: "let through", tried: "to make a new user namespace, in which read-only could be undone", inside: steps, control: steps,
    judge: ([inside], [control]) => ({ held: inside !== undefined && inside.errno !== 0, reached: control?.errno === 0, inside: inWords(inside), control: inWords(control) }),
  };
}

function settingsLine(): Line {
  const steps: Step[] = [["flags", "/proc/sys"], ["write", "/proc/sys/kernel/core_pattern"], ["write", "/proc/sysrq-trigger"]];
  return {
    id: "kernel-settings", subject: "the kernel's settings", holds: "cannot be written", fails: "can be written", tried: "how /proc/sys is mounted; opening core_pattern and sysrq-trigger for writing", inside: steps, control: steps.slice(0, 1),
    judge(inside, [mounted]) {
      const sealed = inside[0]?.text.startsWith("read-only") === true;
      const open = inside.slice(1).filter((answer) => answer?.errno === 0).length;
      const free = mounted?.text.startsWith("writable") === true;
      return { held: sealed && open === 0, reached: free, inside: `mounted ${sealed ? "read-only" : "writable"}, ${open} of 2 opened`, control: free ? "mounted writable" : "mounted read-only outside too" };
    },
  };
}

const statusOf = (answer: Answer | undefined, name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(answer?.text ?? "")?.[1] ?? "unknown";
const sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] as const;

function rightsLine(): Line {
  const steps: Step[] = [["see", "/proc/self/status"]];
  return {
    id: "rights", subject: "the administrator's rights", holds: "none, and none to come", fails: "some", tried: "all five sets of capabilities and the no-new-privileges mark", inside: steps, control: steps,
    judge([inside], [control]) {
      const full = (answer: Answer | undefined): string[] => sets.filter((name) => !/^0+$/.test(statusOf(answer, name)));
      const marked = statusOf(inside, "NoNewPrivs") === "1";
      return {
        held: full(inside).length === 0 && marked, reached: full(control).length > 0,
        inside: full(inside).length === 0 && marked ? "all five empty, the mark is set" : `not empty: ${few(full(inside))}; the mark is ${marked ? "set" : "not set"}`,
        control: full(control).length > 0 ? `not empty: ${few(full(control))}` : "all empty outside too",
      };
    },
  };
}

function setUidLine(): Line {
  const places = ["/", "/usr", "/tmp", "/home/agent"];
  return {
    id: "set-uid", subject: "programs that run with another's rights", holds: "without effect", fails: "with effect", tried: `the marks of the mounts ${few(places)}`,
    inside: places.map((path): Step => ["flags", path]), control: [["flags", "/usr"]],
    judge(inside, control) {
      const held = all(inside, (answer) => answer.text.endsWith(" nosuid"));
      const reached = all(control, (answer) => answer.text.endsWith(" suid"));
      return { held, reached, inside: held ? "every one is marked so" : `not marked: ${few(places.filter((_, index) => !inside[index]?.text.endsWith(" nosuid")))}`, control: reached ? "/usr is not marked" : "/usr is marked outside too" };
    },
  };
}

const devices: readonly string[] = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "stdin", "stdout", "stderr", "fd", "core", "console"];

function devicesLine(): Line {
  const steps: Step[] = [["names", "/dev"]];
  const others = (answer: Answer | undefined): string[] => entries(answer).filter((name) => !devices.includes(name));
  return {
    id: "devices", subject: "devices", holds: "a closed list", fails: "more than the list", tried: "the names in /dev", inside: steps, control: steps,
    judge(inside, control) {
      const strange = others(inside[0]);
      return {
        held: all(inside, (answer) => answer.errno === 0) && strange.length === 0, reached: others(control[0]).length > 0,
        inside: strange.length === 0 ? `${entries(inside[0]).length} harmless ones` : `also ${few(strange)}`, control: `${others(control[0]).length} others listed`,
      };
    },
  };
}

function limitsLine(spec: SandboxSpec): Line {
  const steps: Step[] = [["see", "/proc/self/limits"]];
  const hard = (answer: Answer | undefined, name: string): number => {
    const found = new RegExp(`^${name} +\\S+ +(\\S+)`, "m").exec(answer?.text ?? "")?.[1];
    return found === "unlimited" ? Infinity : Number(found);
  };
  const wanted = { "Max processes": spec.limits.processes, "Max open files": spec.limits.openFiles, "Max core file size": 0 };
  return {
    id: "limits", subject: "limits", holds: "in force", fails: "not in force", tried: `at most ${spec.limits.processes} processes, ${spec.limits.openFiles} open files, no memory dump`, inside: steps, control: steps,
    judge([inside], [control]) {
      const told = (answer: Answer | undefined): string => Object.keys(wanted).map((name) => `${name.slice(4)} ${hard(answer, name) === Infinity ? "unlimited" : hard(answer, name)}`).join(", ");
      return {
        held: Object.entries(wanted).every(([name, most]) => hard(inside, name) <= most),
        reached: hard(control, "Max processes") > spec.limits.processes && hard(control, "Max open files") > spec.limits.openFiles,
        inside: told(inside), control: told(control),
      };
    },
  };
}
