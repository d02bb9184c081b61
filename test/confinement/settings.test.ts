/** Settings and sights of the kernel (KRN): every file of /proc and /sys tried for writing, what can be read there, devices, rights. As root and as a plain user. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { planLaunch, type HostFacts } from "../../main/sandbox/plan.ts";
import { sandboxSpecSchema } from "../../protocol/sandboxSpec.ts";
import { withoutFences } from "./fences.ts";
import { inside, outside, people } from "./person.ts";
import { makeWorld, openTally } from "./world.ts";

const tally = openTally("settings (KRN)");
const crowd = await people();
const walk = readFileSync(join(import.meta.dirname, "walk.py"), "utf8");
const python = (code: string, words = ""): string => `python3 /dev/fd/9 ${words} 9<<'PYTHON'\n${code}\nPYTHON`;
const listed = "../../native-profiles/seccomp/proc.mjs";
const proc = (await import(listed)) as { covered: string[][]; coveredForRoot: string[][]; shown: string[][] };
afterAll(() => {
  crowd.remove();
  tally.print();
});

const lines = (text: string): string[] => text.trim().split("\n");
const names = (list: string[][]): string[] => list.flatMap(([words = ""]) => words.split(" "));

describe.each(crowd.people)("as $name", (person) => {
  test("no file under /proc and /sys opens for writing: every one is tried; without the read-only mount the same walk finds some", async () => {
    const script = python(walk, "inside /proc /sys");
    const ran = await inside(person, script);
    const [count = ""] = lines(ran.stdout).slice(-1);
    expect([ran.stderr, ran.code, lines(ran.stdout).filter((line) => line.startsWith("writable"))]).toEqual(["", 0, []]);
    const [files = 0, folders = 0] = /^walked (\d+) (\d+)$/.exec(count)?.slice(1).map(Number) ?? [];
    expect([files > 1000, folders > 50]).toEqual([true, true]);
    const open = await withoutFences(person, script, { withoutOptions: [["--remount-ro", "/proc"]] });
    const found = lines(open.stdout).filter((line) => /^writable \/proc\/\d+\/(comm|oom_score_adj|mem)$/.test(line));
    expect(found.length).toBeGreaterThan(2);
    // Nobody's own process here: what is writable without the fence is host settings, for host uid 0.
    if (person.uid === 0) expect(lines(open.stdout)).toContain("writable /proc/sys/kernel/core_pattern");
    const control = await outside(person, ["/usr/bin/python3", join(person.program, "test/confinement/walk.py"), "outside", "/proc/self", "/proc/sys"]);
    expect(lines(control.stdout).filter((line) => line.startsWith("writable")).length).toBeGreaterThan(person.uid === 0 ? 300 : 2);
    tally.add(files + folders, 3);
  }, 90_000);

  test("/sys is not there, and /proc has only names from the closed list; what shows the host is closed", async () => {
    const ran = await inside(person, "ls -d /sys 2>/dev/null; ls /proc | grep -v '^[0-9]'; echo --; for f in $(find /proc -maxdepth 1 -type c); do cat $f 2>/dev/null | head -c 1 && test ${PIPESTATUS[0]} = 0 && echo read $f; done; for d in /proc/{fs,scsi,asound,acpi,bus,driver,irq,dynamic_debug}; do ls -A $d 2>/dev/null; done");
    const [there = "", read = ""] = ran.stdout.split("--\n");
    const allowed = new Set([...names(proc.covered), ...names(proc.coveredForRoot), ...names(proc.shown)]);
    expect(lines(there).filter((name) => !allowed.has(name))).toEqual([]);
    expect(read).toBe("");
    const shown = await inside(person, "cat /proc/cmdline /proc/keys /proc/key-users /proc/kallsyms /proc/interrupts /proc/diskstats /proc/partitions /proc/swaps /proc/modules /proc/kcore /proc/kmsg /proc/timer_list 2>/dev/null | head -c 200; grep -c . /proc/net/unix /proc/net/tcp /proc/net/route; grep -v '00000000-00000000\\|0000-0000' /proc/iomem /proc/ioports; for f in cpuinfo meminfo stat uptime loadavg version filesystems sys/kernel/random/uuid self/status; do test -s /proc/$f || cat /proc/$f | grep -q . || echo missing $f; done");
    expect(shown.stdout).toMatch(/^\/proc\/net\/unix:1\n\/proc\/net\/tcp:\d\n\/proc\/net\/route:1\n$/);
    const control = await outside(person, ["/bin/sh", "-c", "cat /proc/cmdline /proc/interrupts /proc/partitions | wc -l"]);
    expect(Number(control.stdout)).toBeGreaterThan(5);
    tally.add(allowed.size, 1);
  });

  test("the covers of the plan and the page's reasons name the same", () => {
    const everything = names([...proc.covered, ...proc.coveredForRoot, ...proc.shown]).map((name) => `/proc/${name}`);
    const host: HostFacts = { root: "/r", system: [], etc: [], trustStore: false, proc: everything, asRoot: person.uid === 0, node: "/n", agent: "/a", launcher: { path: "/l", device: "1", inode: "1" } };
    const { argv } = planLaunch(sandboxSpecSchema.parse({ command: ["true"] }), host);
    const covers = argv.filter((word, index) => word.startsWith("/proc/") && argv[index - 2] === "--ro-bind").map((word) => word.slice("/proc/".length));
    expect(covers.toSorted()).toEqual([...names(proc.covered), ...(person.uid === 0 ? names(proc.coveredForRoot) : [])].toSorted());
    expect([argv.includes("--remount-ro"), argv.lastIndexOf("/proc") > argv.lastIndexOf("/proc/irq")]).toEqual([true, true]);
    tally.add(covers.length, 0);
  });

  test("the tables of mounts name the granted folders and our own parts, nothing else of the person's disk", async () => {
    const world = makeWorld(person);
    const ran = await inside(person, "cat /proc/self/mountinfo /proc/self/mounts /proc/self/mountstats /proc/*/mountinfo /proc/*/task/*/mountinfo /proc/*/maps /proc/*/cgroup /proc/*/environ 2>/dev/null; echo; cat /proc/sys/kernel/hostname", { spec: { folders: world.grants } });
    const rest = [world.app, world.work, person.program].reduce((text, known) => text.replaceAll(known, ""), ran.stdout);
    expect([ran.stdout.includes(world.work), lines(ran.stdout).at(-1)]).toEqual([true, "bulkhead"]);
    expect([rest.includes(world.path), rest.includes(world.canary), /lowerdir|upperdir/.test(rest.replaceAll(/(lower|upper|work)dir\+?=\/proc\/self\/fd\/\d+/g, ""))]).toEqual([false, false, false]);
    const control = await outside(person, ["/bin/cat", "/proc/sys/kernel/hostname"]);
    expect(control.stdout).not.toBe("bulkhead\n");
    world.remove();
    tally.add(8, 1);
  });

  test("no capability in any set, no way to new ones, nothing of process 1 is open", async () => {
    const ran = await inside(person, `grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/1/status | tr '\\n' ' '; echo; for f in mem maps smaps environ auxv fd/0 fd/3 fdinfo/3 cwd root exe stack syscall personality pagemap map_files io ns/net timers; do { ls -L /proc/1/$f/. || head -c 1 /proc/1/$f || readlink /proc/1/$f; } >/dev/null 2>&1 && echo open $f; done; python3 -c 'import ctypes; print(ctypes.CDLL(None).prctl(3))'`);
    const zero = ["Inh", "Prm", "Eff", "Bnd", "Amb"].map((set) => `Cap${set}:\t0000000000000000`);
    const expected = [...zero, "NoNewPrivs:\t1", "Seccomp:\t2"];
    expect([ran.stderr, lines(ran.stdout)]).toEqual(["", [...expected, `${expected.join(" ")} `.trimEnd(), "1"].map((line, index, all) => (index === all.length - 2 ? expect.stringContaining(expected.join(" ")) : line) as string)]);
    tally.add(18 + 14, 0);
  });

  test("/dev is a closed list, and none of its devices is the host's terminal or disk", async () => {
    const devices = "find /dev -mindepth 1 ! -path '/dev/pts/[0-9]*' -exec stat -c '%n %A' {} + | cut -c -200 | sed -E 's/ (.).*/ \\1/' | sort; for f in /dev/pts/[0-9]*; do test -e $f && echo terminal; done; touch /dev/x 2>/dev/null && echo made; mknod /tmp/null c 1 3 2>/dev/null && echo device; (: > /dev/tty) 2>/dev/null && echo tty; cat /dev/core 2>/dev/null | head -c 1; test -w /dev/full && echo full";
    const list = ["/dev/core l", "/dev/fd l", "/dev/full c", "/dev/null c", "/dev/ptmx l", "/dev/pts d", "/dev/pts/ptmx c", "/dev/random c", "/dev/shm d", "/dev/stderr l", "/dev/stdin l", "/dev/stdout l", "/dev/tty c", "/dev/urandom c", "/dev/zero c"];
    const [piped, onPty] = [await inside(person, devices), await inside(person, `cd /dev; ${devices}`, { pty: true })];
    expect(lines(piped.stdout)).toEqual([...list, "full"]);
    expect(lines(onPty.stdout.replaceAll("\r", "")).filter((line) => line !== "/dev/console c")).toEqual([...list, "tty", "full"]);
    const host = await outside(person, ["/bin/ls", "/dev"]);
    expect(lines(host.stdout).length).toBeGreaterThan(list.length);
    tally.add(2 * list.length, 1);
  });
});
