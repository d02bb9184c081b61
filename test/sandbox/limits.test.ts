import { expect, test } from "vitest";
import { boundLimits, describeHit } from "../../main/sandbox/limits.ts";
import { canScope, scopeThrough, type ScopeMachine } from "../../main/sandbox/scope.ts";
import { checkLimits } from "../../main/sandbox/tier.ts";
import { runLauncher } from "../../main/sandbox/launcher.ts";
import { startWatch } from "../../main/sandbox/watch.ts";
import { openBox, run, shell } from "./box.ts";

const gib = 1024 ** 3;
const said = { processes: 512, openFiles: 4096, privateBytes: gib };

test("what a spec leaves out is bounded by the machine: half of its memory, from 2 to 8 GiB", () => {
  expect([1, 6, 64].map((memory) => boundLimits(said, { memory: memory * gib }).memoryBytes / gib)).toEqual([2, 3, 8]);
  expect(boundLimits({ ...said, memoryBytes: undefined, stagingFiles: 7, seconds: 3 }, { memory: 8 * gib })).toEqual({
    ...said, memoryBytes: 4 * gib, fileBytes: 16 * gib, stagingBytes: 20 * gib, stagingFiles: 7, seconds: 3, cpuSeconds: undefined,
  });
});

test("a hit is one line with the option that raises it", () => {
  expect(describeHit({ limit: "memory", used: 210e6, allowed: 200e6, unit: "bytes", action: "ended" })).toBe("the limit on memory was hit (210 MB of 200 MB; --memory MB); everything inside was ended.");
});

const machine = (over: Partial<ScopeMachine> = {}): ScopeMachine => ({ uid: 1000, exists: () => true, rootOwned: () => true, read: () => "cpu memory pids\n", ...over });

test("a scope is asked for only where systemd's user manager can hold memory and processes, and never as root", () => {
  expect([machine(), machine({ uid: 0 }), machine({ exists: () => false }), machine({ rootOwned: () => false }), machine({ read: () => "cpu pids" }), machine({ read: () => undefined })].map(canScope)).toEqual([true, false, false, false, false, false]);
  expect(scopeThrough("x", boundLimits({ ...said, memoryBytes: 5 }, { memory: gib }), 1000)).toEqual({
    program: "/usr/bin/systemd-run",
    words: ["--user", "--scope", "--quiet", "--collect", "--slice=app.slice", "--unit=bulkhead-x", "--property=MemoryMax=5", "--property=MemorySwapMax=0", "--property=TasksMax=516", "--property=CPUWeight=20", "--property=Delegate=yes", "--"],
    environment: { XDG_RUNTIME_DIR: "/run/user/1000", DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/1000/bus" },
  });
});

test("a program in front that becomes nothing is a failed launch, not a hanging one", async () => {
  const launched = await runLauncher({ launcher: "/nonexistent", through: { program: "/bin/false", words: [], environment: {} }, message: Buffer.alloc(0), stdio: ["pipe", "pipe", "pipe"], onStopped: () => undefined });
  expect(launched.ok).toBe(false);
});

test("the doctor names the tier, and finds root without control groups wanting", () => {
  expect([checkLimits(machine(), false), checkLimits(machine({ uid: 0 }), true), checkLimits(machine({ read: () => "" }), false), checkLimits(machine({ uid: 0 }), false)].map(({ ok, why }) => `${ok} ${/Tier (\w+)/.exec(why)?.[1]}`)).toEqual(["true cgroup", "true cgroup", "true rlimit", "false rlimit"]);
});

test("inside: no core file, the largest file, the lowest priority of the two, the first to go without memory", async () => {
  const ran = await run(await openBox(), shell("ulimit -c; ulimit -f; ulimit -n; nice; cat /proc/self/oom_score_adj", { limits: { ...said, openFiles: 99, fileBytes: 1 << 20 } }));
  expect(ran.stdout).toBe("0\n1024\n99\n15\n1000\n");
});

test("until the whole tree is in its control group the host's own look counts, not the group's empty figures", async () => {
  const box = await openBox();
  const launched = await box.launch(shell("exec python3 -c 'b = bytearray(300 << 20); b[::4096] = b\"x\" * len(b[::4096]); print(\"FULL\", flush=True); import time; time.sleep(30)'"), { kind: "piped" });
  if (!launched.ok) throw new Error(launched.problem.message);
  await new Promise((resolve) => launched.value.streams?.stdout.once("data", resolve));
  const empty = { memory: 0, outOfMemory: 0, processes: 1, refused: 0, cpuSeconds: 0 };
  const reached = async (held: boolean): Promise<string[]> => {
    const seen = new Set<string>();
    const group = { held: () => held, hold: () => undefined, usage: () => empty, freeze: async () => undefined, close: async () => undefined };
    const close = startWatch({
      init: launched.value.pid, bounds: boundLimits({ ...said, memoryBytes: 100 << 20 }), group, layers: [], onReached: (one) => void seen.add(one.limit), onRefused: () => undefined,
      still: (act) => act(), allowance: () => 1, log: (message, cause) => { throw new Error(`${message} ${String(cause)}`); },
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    close();
    return [...seen];
  };
  expect([await reached(false), await reached(true)]).toEqual([["memory"], []]);
  await launched.value.stop();
});
