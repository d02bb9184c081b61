import { beforeAll, expect, test } from "vitest";
import type { Sandbox } from "../../main/sandbox/sandbox.ts";
import { openBox, run, specOf } from "./box.ts";

type Program = [code: number, yes: number, no: number, value: number][];
interface Builder { seccompProgram(name: string): Program }
let builder: Builder;
let box: Sandbox;
beforeAll(async () => {
  const name = "../../build/seccomp.mjs";
  builder = (await import(name)) as Builder;
  box = await openBox();
}, 60_000);

/** The kernel's own rules for this small part of classic BPF. */
function verdict(program: Program, call: { arch: number; nr: number; args?: number[] }): string {
  let value = 0;
  for (let at = 0; at < program.length; at++) {
    const [code, yes, no, k] = program[at] ?? [0, 0, 0, 0];
    if (code === 0x06) return k === 0x7fff0000 ? "allow" : k >>> 0 === 0x80000000 ? "kill" : `errno ${k & 0xffff}`;
    if (code === 0x20) value = k === 0 ? call.nr : k === 4 ? call.arch : (call.args?.[(k - 16) / 8] ?? 0);
    else if (code === 0x15) at += value >>> 0 === k >>> 0 ? yes : no;
    else if (code === 0x35) at += value >>> 0 >= k >>> 0 ? yes : no;
    else if (code === 0x45) at += (value & k) !== 0 ? yes : no;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("fell off the end");
}

const x64 = 0xc000003e;
const arm64 = 0xc00000b7;
const table: [name: string, x64: number, arm64: number, args: number[], verdict: string][] = [
  ["read", 0, 63, [], "allow"], ["openat", 257, 56, [], "allow"], ["execve", 59, 221, [], "allow"], ["kill", 62, 129, [], "allow"],
  ["clone for a thread", 56, 220, [0x3d0f00], "allow"], ["clone of a user namespace", 56, 220, [0x10000000], "errno 1"], ["clone of a pid namespace", 56, 220, [0x20000011], "errno 1"],
  ["clone3", 435, 435, [], "errno 38"], ["unshare", 272, 97, [], "errno 1"], ["setns", 308, 268, [], "errno 1"], ["mount", 165, 40, [], "errno 1"], ["move_mount", 429, 429, [], "errno 1"],
  ["ptrace", 101, 117, [], "errno 1"], ["process_vm_writev", 311, 271, [], "errno 1"], ["io_uring_setup", 425, 425, [], "errno 1"], ["bpf", 321, 280, [], "errno 1"],
  ["perf_event_open", 298, 241, [], "errno 1"], ["keyctl", 250, 219, [], "errno 1"], ["userfaultfd", 323, 282, [], "errno 1"], ["open_by_handle_at", 304, 265, [], "errno 1"],
  ["kexec_load", 246, 104, [], "errno 1"], ["init_module", 175, 105, [], "errno 1"], ["pidfd_getfd", 438, 438, [], "errno 1"],
  ["ioctl TIOCSTI", 16, 29, [0, 0x5412], "errno 1"], ["ioctl TIOCLINUX", 16, 29, [0, 0x541c], "errno 1"], ["ioctl TCGETS", 16, 29, [0, 0x5401], "allow"],
  ["seccomp with a listener", 317, 277, [1, 8], "errno 1"], ["seccomp without", 317, 277, [1, 0], "allow"],
  ["socket UNIX", 41, 198, [1, 1, 0], "allow"], ["socket INET", 41, 198, [2, 1, 0], "allow"], ["socket INET6", 41, 198, [10, 1, 0], "allow"], ["socket NETLINK ROUTE", 41, 198, [16, 3, 0], "allow"],
  ["socket NETLINK other", 41, 198, [16, 3, 15], "errno 1"], ["socket PACKET", 41, 198, [17, 3, 0], "errno 1"], ["socket ALG", 41, 198, [38, 5, 0], "errno 1"], ["socket VSOCK", 41, 198, [40, 1, 0], "errno 1"],
  ["socketpair UNIX", 53, 199, [1, 1, 0], "allow"], ["socketpair other", 53, 199, [2, 1, 0], "errno 1"],
];

test("each call gets its verdict, on both machines", () => {
  const judged = table.map(([name, onX64, onArm64, args]) => [name, verdict(builder.seccompProgram("x64"), { arch: x64, nr: onX64, args }), verdict(builder.seccompProgram("arm64"), { arch: arm64, nr: onArm64, args })]);
  expect(judged).toEqual(table.map(([name, , , , expected]) => [name, expected, expected]));
});

test("a foreign machine's calls and x32 kill the process", () => {
  const program = builder.seccompProgram("x64");
  expect([verdict(program, { arch: 0x40000003, nr: 0 }), verdict(program, { arch: arm64, nr: 63 }), verdict(program, { arch: x64, nr: 0x40000000 + 41 }), verdict(builder.seccompProgram("arm64"), { arch: x64, nr: 0 })]).toEqual(["kill", "kill", "kill", "kill"]);
});

test.runIf(process.arch === "x64")("the running kernel agrees inside the real sandbox, also where only the high half differs", async () => {
  const script = `
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(*args):
  ctypes.set_errno(0)
  libc.syscall(*[ctypes.c_long(a) for a in args])
  return ctypes.get_errno()
print("STARTED", call(272, 0x10000000), call(56, 0x10000000|17, 0, 0, 0, 0), call(435, 0, 0), call(101, 16, 1, 0, 0), call(425, 1, 0), call(317, 1, 8, 0), call(16, 0, 0x5412, 0), call(16, 0, 0x100005412, 0), call(16, 0, 0x541c, 0))
p = os.fork()
if p == 0:
  libc.syscall(ctypes.c_long(0x40000000 | 41), 1, 1, 0)
  os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]))
a, b = socket.socketpair(); a.send(b"x"); print(b.recv(1))
open("/proc/1/mem", "r+b")
`;
  const ran = await run(box, specOf({ command: ["python3", "-c", script] }));
  expect([ran.stdout, ran.stderr.trim().split("\n").at(-1)]).toEqual(["STARTED 1 1 38 1 1 1 1 1 1\n-31\nb'x'\n", "PermissionError: [Errno 13] Permission denied: '/proc/1/mem'"]);
});
