import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Sandbox } from "../../main/sandbox/sandbox.ts";
import { dist, folder, openBox, root, run, scratch, shell, specOf } from "./box.ts";

let box: Sandbox;
beforeAll(async () => {
  box = await openBox();
}, 60_000);

/** Host processes whose command line holds `text`. */
function alive(text: string): number {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  }).length;
}
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

test("exit codes and signals are the command's own", async () => {
  expect(await Promise.all([specOf({}), shell("exit 7"), shell("kill -TERM $$"), specOf({ command: ["no-such-program"] }), specOf({ command: ["/etc/passwd"] })].map((spec) => run(box, spec)))).toEqual([
    { code: 0, stdout: "", stderr: "" }, { code: 7, stdout: "", stderr: "" }, { code: null, signal: "SIGTERM", stdout: "", stderr: "" },
    { code: 127, stdout: "", stderr: "bulkhead: no-such-program: not found\n" }, { code: 126, stdout: "", stderr: "bulkhead: /etc/passwd: Permission denied\n" },
  ]);
});

test("nothing of the host's environment, descriptors or home exists inside", async () => {
  process.env["BULKHEAD_CANARY"] = "canary-4711";
  const home = process.env["HOME"] ?? "/root";
  const ran = await run(box, shell(`env | cut -d= -f1 | sort | xargs; cat /proc/1/environ /proc/self/environ | grep -c canary; ls /proc/self/fd | xargs; cat /proc/1/environ; ls ${home} 2>&1; ls -A ~ | wc -l; ls / | xargs`));
  delete process.env["BULKHEAD_CANARY"];
  expect(ran.stdout).toBe(["HOME LANG LOGNAME NO_PROXY PATH PWD SHELL SHLVL TERM TMPDIR USER _ no_proxy", "0", "0 1 2 3",
    `ls: cannot access '${home}': No such file or directory`, "0", "bin dev etc home lib lib64 proc run sbin tmp usr var", ""].join("\n"));
});

test("an edit lands in the staging layer and the original stays untouched; a read folder refuses it", async () => {
  const place = scratch();
  const [edited, read] = [join(place, "edited, with: odd=name"), join(place, "read")];
  for (const path of [edited, read]) {
    mkdirSync(path);
    writeFileSync(join(path, "a.txt"), "one");
    writeFileSync(join(path, "gone.txt"), "here");
  }
  const ran = await run(box, shell(`echo -n two > a.txt && rm gone.txt && cat a.txt && ls; cd '${read}' && cat a.txt; echo x > a.txt`, { folders: [folder(edited, "edit", place), folder(read, "read")] }));
  expect([ran.stdout, ran.stderr, readFileSync(join(edited, "a.txt"), "utf8"), readdirSync(edited), readFileSync(join(place, "upper/a.txt"), "utf8"), readFileSync(join(read, "a.txt"), "utf8")]).toEqual([
    "twoa.txt\none", `bash: line 1: a.txt: Read-only file system\n`, "one", ["a.txt", "gone.txt"], "two", "one",
  ]);
});

test("a folder swapped after it was granted is refused", async () => {
  const place = scratch();
  mkdirSync(join(place, "mine"));
  const grant = folder(join(place, "mine"), "read");
  renameSync(join(place, "mine"), join(place, "old"));
  mkdirSync(join(place, "mine"));
  expect(await box.launch(specOf({ folders: [grant] }), { kind: "piped" })).toMatchObject({ ok: false, problem: { code: "refused-folder" } });
});

test("loopback ports lead to the two sockets and nowhere else", async () => {
  const place = scratch();
  const servers = ["egress", "gateway"].map((name) => createServer((socket) => {
    socket.on("error", () => undefined).on("data", () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\n\r\n${name}`));
  }).listen(join(place, name)));
  const ran = await run(box, shell("curl -s http://anything.test/; curl -s http://127.0.0.1:3129/; curl -s --noproxy '*' --max-time 2 http://1.1.1.1/; echo $?", { egressSocket: join(place, "egress"), gatewaySocket: join(place, "gateway") }));
  for (const server of servers) server.close();
  expect(ran.stdout).toBe("egressgateway7\n");
});

test("the bridge carries megabytes unchanged in both directions", async () => {
  const place = scratch();
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(join(place, "s"));
  const script = "import socket,threading,hashlib,os\nd=os.urandom(5<<20)\ns=socket.create_connection(('127.0.0.1',3128))\nthreading.Thread(target=lambda:(s.sendall(d),s.shutdown(1))).start()\nb=b''\nwhile True:\n  c=s.recv(65536)\n  if not c: break\n  b+=c\nprint(b==d)";
  const ran = await run(box, specOf({ command: ["python3", "-c", script], egressSocket: join(place, "s") }));
  server.close();
  expect(ran).toEqual({ code: 0, stdout: "True\n", stderr: "" });
});

test("a terminal of our own has its size, is the controlling one, and stop ends every process of the tree", async () => {
  let output = "";
  const marker = "98761.5";
  const launched = await box.launch(shell(`stty size; echo seen > /dev/tty; for i in $(seq 20); do setsid sleep ${marker} & done; echo up; sleep ${marker}`), { kind: "pty", cols: 101, rows: 33, onOutput: (text) => (output += text) });
  if (!launched.ok) throw new Error(launched.problem.message);
  while (!output.includes("up")) await pause(10);
  while ((await launched.value.processes()).length < 21) await pause(10);
  const ms = await launched.value.stop();
  expect({ output, left: alive(marker), end: await launched.value.exited, quick: ms < 100 }).toEqual({ output: "33 101\r\nseen\r\nup\r\n", left: 0, end: { code: null, signal: "SIGKILL" }, quick: true });
});

test("the wall time ends it and says so; a signal reaches the command", async () => {
  const limits = { processes: 64, openFiles: 64, privateBytes: 1 << 20, seconds: 0.2 };
  expect(await run(box, shell("sleep 30", { limits }))).toMatchObject({ code: null, timeUp: true });
  const launched = await box.launch(shell("trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done"), { kind: "piped" });
  if (!launched.ok) throw new Error(launched.problem.message);
  await new Promise((done) => launched.value.streams?.stdout.once("data", done));
  launched.value.signal("SIGTERM");
  expect(await launched.value.exited).toEqual({ code: 9 });
});

test("private areas end where their size does", async () => {
  const limits = { processes: 64, openFiles: 64, privateBytes: 1 << 20 };
  const ran = await run(box, shell("for d in ~ /tmp /dev/shm; do head -c 3000000 /dev/zero 2>/dev/null > $d/x; stat -c %s $d/x; done; ulimit -n -c; touch /dev/x /x /run/x 2>&1 | grep -c Read-only", { limits }));
  expect(ran.stdout.split("\n").slice(0, 3)).toEqual(["1048576", "1048576", "1048576"]);
  expect(ran.stdout.trim().endsWith("3")).toBe(true);
});

test("a fork bomb ends at the limit on processes, for root and for anybody else", async () => {
  const limits = { processes: 40, openFiles: 256, privateBytes: 1 << 20 };
  const bomb = (wait: number): string[] => ["python3", "-c", `import os,time\nn=0\ntime.sleep(${wait})\ntry:\n  while n<900:\n    if os.fork()==0: time.sleep(20); os._exit(0)\n    n+=1\nexcept OSError: pass\nprint(30<n<=40)`];
  expect(await run(box, specOf({ limits, command: bomb(0.3) }))).toEqual({ code: 0, stdout: "True\n", stderr: "" });
  // At once, as root: more than the limit may run for a moment; then the whole sandbox ends.
  const quick = await run(box, specOf({ limits, command: bomb(0) }));
  expect([quick.signal, quick.stdout]).toEqual(quick.signal ? ["SIGKILL", ""] : [undefined, "True\n"]);
});

test("nothing survives when the app is killed", async () => {
  const marker = "98762.5";
  const program = `import { openBox, shell } from "${root}/test/sandbox/box.ts";
    const box = await openBox(); const r = await box.launch(shell("setsid sleep ${marker} & sleep ${marker}"), { kind: "piped" });
    setInterval(async () => r.ok && (await r.value.processes()).length >= 2 && process.kill(process.pid, "SIGKILL"), 10);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
  await new Promise((done) => child.once("exit", done));
  await pause(100);
  expect([child.signalCode, alive(`sleep\0${marker}`)]).toEqual(["SIGKILL", 0]);
});

test("a worker runs a bundle of ours with its own mounts, and sees nothing else", async () => {
  const [copy, place] = [scratch(), scratch()];
  for (const name of ["launcher", "seccomp", "hashes.json"]) cpSync(join(dist, name), join(copy, name), { recursive: true });
  writeFileSync(join(copy, "worker.mjs"), "import {writeFileSync,readdirSync} from 'node:fs'; for await (const line of process.stdin) { writeFileSync('/w/out', line); process.stdout.write(readdirSync('/').concat(readdirSync('/opt/bulkhead')).join(' ')); }");
  const worker = await (await openBox(copy)).launchWorker({ script: "worker.mjs", mounts: [{ host: place, inside: "/w", write: true }] });
  if (!worker.ok) throw new Error(worker.problem.message);
  let said = "";
  worker.value.streams?.stdout.on("data", (bytes: Buffer) => (said += bytes));
  worker.value.streams?.stdin.end("hello");
  expect([await worker.value.exited, readFileSync(join(place, "out"), "utf8"), said]).toEqual([{ code: 0 }, "hello", "bin dev etc home lib lib64 opt proc run sbin tmp usr var w node worker.mjs"]);
});

test("a changed launcher, a changed filter or missing hashes mean that nothing starts", async () => {
  const problems: string[] = [];
  for (const [file, change] of [["launcher/bulkhead-launcher", "x"], [`seccomp/${process.arch}.bpf`, ""], ["hashes.json", "{}"]] as const) {
    const copy = scratch();
    for (const name of ["launcher", "seccomp", "hashes.json"]) cpSync(join(dist, name), join(copy, name), { recursive: true });
    chmodSync(join(copy, file), 0o755);
    writeFileSync(join(copy, file), change);
    const launched = await (await openBox(copy)).launch(specOf({ command: ["touch", "/tmp/ran"] }), { kind: "piped" });
    problems.push(launched.ok ? "ran" : launched.problem.code);
  }
  expect(problems).toEqual(["no-containment", "no-containment", "no-containment"]);
});
