/** RES of the published failures: what eats processes, memory, disk or time. Each end is judged by the event, and by what the host has left. */
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import type { LimitJob, LimitResult } from "./limitsRunner.ts";
import { give, mount, outside, ownDirectory, people, type Person } from "./person.ts";
import { openTally } from "./world.ts";

const tally = openTally("resources (RES)");
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});

const mib = 1 << 20;
const limits = { processes: 64, openFiles: 256, privateBytes: 1024 * mib, memoryBytes: 256 * mib };
const python = (code: string, spec: Partial<SandboxSpec> = {}): Partial<SandboxSpec> => ({ command: ["python3", "-uc", `print("UP")\n${code}`], limits, ...spec });

async function held(person: Person, spec: Partial<SandboxSpec>, more: Partial<LimitJob> = {}): Promise<LimitResult | undefined> {
  const job: LimitJob = { dist: join(person.program, "dist"), runDirectory: ownDirectory(person), spec, ...more };
  const ran = await outside(person, [person.node, join(person.program, "test/confinement/limitsRunner.ts"), JSON.stringify(job)]);
  if (more.steps?.includes("die")) return undefined;
  if (!ran.stdout.startsWith("{")) throw new Error(`the runner said nothing: ${ran.stderr}`);
  const result = JSON.parse(ran.stdout) as LimitResult;
  if (!result.stdout.startsWith("UP\n")) throw new Error(`not started: ${ran.stdout} ${ran.stderr}`);
  return result;
}

/** An empty folder to edit, with its layer. */
function staged(person: Person): { folders: SandboxSpec["folders"]; layer: string } {
  const place = ownDirectory(person);
  for (const name of ["folder", "layer/upper", "layer/work"]) mkdirSync(join(place, name), { recursive: true });
  give(person, place);
  return { folders: [mount(join(place, "folder"), "edit", join(place, "layer"))], layer: join(place, "layer/upper") };
}

const groups = (): string[] => ["memory", "pids", "freezer", "cpu", "cpuacct"].flatMap((name) => {
  const own = new RegExp(`^\\d+:[^:]*\\b${name}\\b[^:]*:(.*)$`, "m").exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
  const path = join("/sys/fs/cgroup", name, own);
  return existsSync(path) ? readdirSync(path).filter((group) => group.startsWith("bulkhead-") && !existsSync(`/proc/${group.split("-")[1]}`)) : [];
});

const hogs: { [name: string]: string } = {
  heap: "keep=[]\nwhile True: keep.append(bytearray(8<<20))",
  "many processes": "import os\nfor n in range(20):\n  if os.fork()==0: break\nkeep=[]\nimport time\nwhile True: keep.append(bytearray(1<<20)); time.sleep(0.005)",
  "private areas": "import os\nfor d in ('/tmp','/dev/shm',os.environ['HOME']):\n  f=open(d+'/x','wb')\n  for n in range(900): f.write(bytes(1<<20))\nimport time; time.sleep(30)",
  "memory files": "import os,time\nf=os.memfd_create('x')\nfor n in range(3000): os.write(f,bytes(1<<20))\ntime.sleep(30)",
  "memory files parked in a socket": "import os,socket,time\na,b=socket.socketpair()\nfor n in range(100):\n  f=os.memfd_create('x')\n  for k in range(30): os.write(f,bytes(1<<20))\n  socket.send_fds(a,[b'x'],[f]); os.close(f)\ntime.sleep(30)",
  "shared pages written after the fork": "import os,time\nb=bytearray(100<<20)\nfor n in range(8):\n  if os.fork()==0:\n    for i in range(0,len(b),4096): b[i]=n\n    time.sleep(30)\ntime.sleep(30)",
};

describe.each(crowd.people)("as $name", (person) => {
  const tier = person.uid === 0 && existsSync("/sys/fs/cgroup") ? "cgroup" : "rlimit";

  test.each(Object.keys(hogs))("a memory hog is ended at its limit: %s", async (name) => {
    const ran = await held(person, python(hogs[name] ?? ""));
    expect([ran?.tier, ran?.hit?.limit, ran?.hit?.action, ran?.code, ran?.signal]).toEqual([tier, "memory", "ended", null, "SIGKILL"]);
    process.stdout.write(`memory: ${person.name}: ${name}: ${Math.round(((ran?.memoryPeak ?? 0) - limits.memoryBytes) / mib)} MB above the limit at most\n`);
    expect(ran?.memoryPeak).toBeLessThan(limits.memoryBytes + 1024 * mib);
    tally.add(1, 0);
  });

  test("whoever stays below the limit on memory goes on, shared pages counted once", async () => {
    const ran = await held(person, python("import os,time\nb=bytearray(120<<20)\nfor n in range(8):\n  if os.fork()==0: time.sleep(1); os._exit(0)\ntime.sleep(1.2); print('DONE')"));
    expect([ran?.stdout, ran?.code, ran?.hits]).toEqual(["UP\nDONE\n", 0, []]);
    tally.add(0, 1);
  });

  test("a fork storm is ended, and the host can start programs meanwhile", async () => {
    const storm = held(person, { command: ["bash", "-c", "echo UP; f() { f | f & f; }; f; while :; do (sleep 5 &) ; done"], limits });
    await new Promise((done) => setTimeout(done, 600));
    const control = await outside(person, ["/bin/echo", "alive"]);
    const ran = await storm;
    expect([ran?.hit?.limit, ran?.signal, control.stdout]).toEqual(["processes", "SIGKILL", "alive\n"]);
    tally.add(1, 1);
  });

  test("sixty processes of sixty-four run in peace", async () => {
    const ran = await held(person, { command: ["bash", "-c", "echo UP; for i in $(seq 50); do sleep 1.3 & done; wait; echo DONE"], limits });
    expect([ran?.stdout, ran?.hits]).toEqual(["UP\nDONE\n", []]);
    tally.add(0, 1);
  });

  test("a full private area and the last open file are told once, and the sandbox goes on", async () => {
    const ran = await held(person, python("import os,time\ntry:\n  f=open('/tmp/x','wb')\n  while True: f.write(bytes(1<<20)); f.flush()\nexcept OSError: pass\nk=[]\ntry:\n  while True: k.append(os.open('/',0))\nexcept OSError: pass\ntime.sleep(2.5); print('DONE')", { limits: { ...limits, privateBytes: 8 * mib } }));
    expect([ran?.stdout.endsWith("DONE\n"), ran?.code, ran?.hits.map(({ limit, action }) => `${limit} ${action}`).sort()]).toEqual([true, 0, ["open-files refused", "private-area refused"]]);
    tally.add(2, 0);
  });

  test.each([
    ["bytes", "f=open('fill','wb')\nwhile True: f.write(bytes(1<<20))", { stagingBytes: 64 * mib }, "staging-bytes"],
    ["a file without a name", "import os\nf=open('gone','wb'); os.unlink('gone')\nwhile True: f.write(bytes(1<<20)); f.flush()", { stagingBytes: 64 * mib }, "staging-bytes"],
    ["a folder that nobody may read", "import os\nos.mkdir('d'); f=open('d/f','wb'); os.chmod('d',0)\nwhile True: f.write(bytes(1<<20)); f.flush()", { stagingBytes: 64 * mib }, "staging-bytes"],
    ["many empty files", "import os\nfor n in range(2000000):\n  if n%1000==0: os.mkdir(str(n//1000))\n  os.close(os.open(f'{n//1000}/{n}',os.O_CREAT|os.O_WRONLY))", { stagingFiles: 3000 }, "staging-files"],
  ] as const)("a staging layer is ended where it is full: %s", async (...[name, code, more, limit]) => {
    const { folders } = staged(person);
    const ran = await held(person, python(code, { folders, limits: { ...limits, ...more } }));
    expect([ran?.hit?.limit, ran?.hit?.action, ran?.signal]).toEqual([limit, "ended", "SIGKILL"]);
    if (name === "bytes") process.stdout.write(`disk: ${person.name}: ${Math.round(((ran?.diskPeak ?? 0) - 64 * mib) / mib)} MB above the limit at most\n`);
    tally.add(1, 0);
  });

  test("a sparse file costs what it holds; beyond the largest size it is refused", async () => {
    const { folders } = staged(person);
    const ran = await held(person, python("import os,signal,time\nsignal.signal(signal.SIGXFSZ,signal.SIG_IGN)\nf=os.open('sparse',os.O_CREAT|os.O_RDWR)\nos.ftruncate(f,10<<30)\nfor make in (lambda: os.ftruncate(f,20<<30), lambda: os.ftruncate(os.memfd_create('x'),20<<30)):\n  try: make()\n  except OSError as e: print(e.errno)\ntime.sleep(0.5)", { folders, limits: { ...limits, stagingBytes: 64 * mib } }));
    expect([ran?.stdout, ran?.hits]).toEqual(["UP\n27\n27\n", []]);
    tally.add(2, 1);
  });

  test("with a person to ask a full staging layer freezes; it goes on with as much again", async () => {
    const { folders, layer } = staged(person);
    const fill = python("import time\nf=open('fill','wb')\nfor n in range(100): f.write(bytes(1<<20)); f.flush(); time.sleep(0.005)\nprint('DONE')", { folders, limits: { ...limits, stagingBytes: 64 * mib } });
    const ran = await held(person, fill, { asks: true, steps: [2500, "said", "resume"] });
    expect([ran?.hits.map(({ limit, action }) => `${limit} ${action}`), ran?.said, ran?.stdout, ran?.code, readdirSync(layer)]).toEqual([["staging-bytes frozen"], [3], "UP\nDONE\n", 0, ["fill"]]);
    tally.add(1, 1);
  });

  test("busy loops leave the host half a core, and end when their CPU time is up", async () => {
    const ran = await held(person, { command: ["bash", "-c", "echo UP; for i in $(seq 24); do while :; do :; done & done; wait"], limits: { ...limits, cpuSeconds: 5 } }, { steps: [300, "spin"] });
    process.stdout.write(`processor: ${person.name}: a host process had ${ran?.hostCores.toFixed(2)} of a core beside 24 loops, ${ran?.hostAlone.toFixed(2)} before\n`);
    expect([ran?.hit?.limit, ran?.signal, (ran?.hostCores ?? 0) > 0.4 * (ran?.hostAlone ?? 1)]).toEqual(["cpu-time", "SIGKILL", true]);
    tally.add(1, 0);
  });

  const ticks = "import signal,time\nwhile True: print('t'); time.sleep(0.01)";
  test("paused nothing runs, the wall time waits, and all goes on afterwards", async () => {
    const ran = await held(person, python(ticks, { limits: { ...limits, seconds: 2 } }), { steps: [300, "pause", 100, "said", 2500, "said", "resume", 300, "said"] });
    const [before = 0, still = 0, later = 0] = ran?.said ?? [];
    expect([still - before, later > still, ran?.hit?.limit]).toEqual([0, true, "wall-time"]);
    tally.add(1, 1);
  });

  test("a sandbox that is paused can be stopped", async () => {
    const ran = await held(person, python(ticks), { steps: ["pause", 100, "stop"] });
    expect([ran?.signal, ran?.hit]).toEqual(["SIGKILL", undefined]);
    tally.add(1, 0);
  });

  test("a shell does not take a pause for a stopped child", async () => {
    const ran = await held(person, { command: ["bash", "-c", "set -m; echo UP; sleep 1 & sleep 1; wait; jobs; echo $?"], limits }, { steps: [100, "pause", 1500, "resume"] });
    // Whether `jobs` still tells the finished one is chance; a stopped one it would tell for sure.
    expect([ran?.stdout.replace(/^\[1\].*Done.*\n/m, ""), ran?.code]).toEqual(["UP\n0\n", 0]);
    tally.add(1, 0);
  });

  test("a timer that sends SIGCONT does not wake a paused sandbox for long", async () => {
    const wake = "import ctypes,signal,struct,time\nlibc=ctypes.CDLL(None)\nev=struct.pack('QiiQQQQQQ',0,signal.SIGCONT,0,0,0,0,0,0,0)\nt=ctypes.c_void_p()\nassert libc.timer_create(1,ev,ctypes.byref(t))==0\nits=struct.pack('qqqq',0,1000000,0,1000000)\nassert libc.timer_settime(t,0,its,None)==0\nwhile True:\n  try: print('t'); time.sleep(0.01)\n  except InterruptedError: pass";
    const ran = await held(person, python(wake), { steps: [500, "said", 1000, "said", "pause", 100, "said", 1000, "said", "stop"] });
    const [a = 0, b = 0, c = 0, d = 0] = ran?.said ?? [];
    process.stdout.write(`pause: ${person.name}: ${b - a} lines in a second before, ${d - c} while paused against a timer\n`);
    expect([b - a > 20, person.uid === 0 ? d - c === 0 : true]).toEqual([true, true]);
    tally.add(1, 1);
  });

  test("no control group and no process stays, also when the app is killed while all is paused", async () => {
    const mark = `9${process.pid}.9${person.uid}`;
    await held(person, { command: ["bash", "-c", `echo UP; sleep ${mark} & sleep ${mark}`], limits }, { steps: [100, "pause", 100, "die"] });
    const left = (): number => readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cmdline`)).filter((pid) => { try { return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`sleep\0${mark}`); } catch { return false; } }).length;
    for (const end = Date.now() + 3000; Date.now() < end && left() > 0; ) await new Promise((done) => setTimeout(done, 20));
    await held(person, python("pass"));
    expect([left(), groups()]).toEqual([0, []]);
    tally.add(1, 0);
  });
});
