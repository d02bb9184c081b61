import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Running } from "../../main/sandbox/running.ts";
import type { Sandbox } from "../../main/sandbox/sandbox.ts";
import { folder, openBox, run, scratch, shell, specOf } from "./box.ts";
import { belowUs, sandboxTrees, tracesOf } from "./traces.ts";

let box: Sandbox;
let runDirectory: string;
beforeAll(async () => {
  runDirectory = scratch();
  box = await openBox(undefined, runDirectory);
}, 60_000);

const many = 30;
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Leaves its mark everywhere a neighbour could look, waits until all have done so, then reports what it finds of the others. */
const script = (own: string): string => `
mkdir -p ~/.cache/x ~/.config/git ~/.local/bin
for f in ~/mark ~/.cache/x/mark ~/.config/git/config ~/.local/bin/node ~/.npmrc /tmp/mark /var/tmp/mark2 /dev/shm/mark; do echo neighbour-${own} > $f || echo FAILED $f; done
python3 -c '
import socket, time
a = socket.socket(socket.AF_UNIX); a.bind("\\0shared-name"); a.listen()
b = socket.socket(socket.AF_UNIX); b.bind("/tmp/shared.sock"); b.listen()
c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); c.bind(("127.0.0.1", 8000)); c.listen()
print("LISTENING", flush=True)
time.sleep(60)' &
while [ ! -e ./go ]; do sleep 0.1; done
echo BEGIN
cat ~/mark ~/.cache/x/mark ~/.config/git/config ~/.local/bin/node ~/.npmrc /tmp/mark /var/tmp/mark2 /dev/shm/mark | sort -u
grep -rslE 'neighbour-' ~ /tmp /var/tmp /dev/shm | wc -l
ls -A ./ | grep own
cat own
ls /proc | grep -c '^[0-9]'
ls /proc/self/fd | xargs
ls /dev/pts | xargs
hostname
id -u
readlink /proc/self/ns/pid /proc/self/ns/net /proc/self/ns/mnt /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/user
curl -s http://127.0.0.1:3128/
echo END
sleep 60`;

interface One { own: string; place: string; said(): string; running: Running; close(): void }

async function start(kind: "pty" | "piped", index: number): Promise<One> {
  const own = `${kind}${index}`;
  const place = realpathSync(scratch());
  const folderPath = join(place, "folder");
  mkdirSync(folderPath);
  writeFileSync(join(folderPath, "own"), `own ${own}\n`);
  const server = createServer((socket) => void socket.on("error", () => undefined).once("data", () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${own.length + 1}\r\n\r\n${own}\n`)));
  await new Promise<void>((done) => server.listen(join(place, "e"), done));
  let text = "";
  const add = (more: string | Buffer): void => void (text += more.toString());
  const spec = shell(script(own), { folders: [folder(folderPath, "read")], egressSocket: join(place, "e") });
  const launched = await box.launch(spec, kind === "pty" ? { kind, cols: 80, rows: 24, onOutput: add } : { kind });
  if (!launched.ok) throw new Error(`${own}: ${launched.problem.message}`);
  launched.value.streams?.stdout.on("data", add);
  launched.value.streams?.stderr.on("data", add);
  return { own, place, said: () => text.replaceAll("\r\n", "\n"), running: launched.value, close: () => void server.close() };
}

async function until(what: string, all: () => boolean): Promise<void> {
  for (const end = Date.now() + 90_000; !all(); ) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await pause(50);
  }
}

test("thirty sandboxes at once start and work, with a terminal and without, and share nothing", async () => {
  const before = tracesOf(runDirectory);
  const all = await Promise.all(Array.from({ length: many }, (_, index) => start(index % 2 === 0 ? "pty" : "piped", index)));
  await until("all listen", () => all.every((one) => one.said().includes("LISTENING")));
  // The control: all of them run at this moment, each with its own process 1, and the host sees every mark's writer.
  expect(new Set(all.map((one) => one.running.pid)).size).toBe(many);
  expect(all.every((one) => existsSync(`/proc/${one.running.pid}`))).toBe(true);
  for (const one of all) writeFileSync(join(one.place, "folder/go"), "");
  await until("all reported", () => all.every((one) => one.said().includes("END\n")));
  const reports = all.map((one) => one.said().slice(one.said().indexOf("BEGIN\n") + 6, one.said().indexOf("END\n")).trim().split("\n"));
  const namespaces: string[] = [];
  // Ten: eight files, two of them seen a second time through /var/tmp, which is /tmp.
  reports.forEach((lines, index) => {
    const { own } = all[index] as One;
    const [marks, files, name, content, processes, descriptors, terminals, host, user, ...rest] = lines;
    const spaces = rest.slice(0, 6);
    namespaces.push(...spaces);
    expect([own, marks, files, name, content, descriptors, terminals, host, user, rest.slice(6)]).toEqual([own, `neighbour-${own}`, "10", "own", `own ${own}`, "0 1 2 3", "ptmx", "bulkhead", "1000", [own]]);
    // Process 1, the shell, its listener and the two that count.
    expect([own, Number(processes) <= 6]).toEqual([own, true]);
  });
  // No namespace of one is another's, and none is the host's.
  expect(new Set(namespaces).size).toBe(many * 6);
  expect(["pid", "net", "mnt", "ipc", "uts", "user"].filter((kind) => namespaces.includes(readlinkSync(`/proc/self/ns/${kind}`)))).toEqual([]);
  // PTY masters: what each process of each sandbox holds, seen from the host, is its own slave or none.
  const slaves = all.map((one) => sandboxTrees(one.running.pid).flatMap((pid) => descriptorsOf(pid)).filter((path) => /^\/dev\/(pts\/\d+|ptmx)$/.test(path)));
  expect(slaves.map((paths, index) => [index, new Set(paths).size])).toEqual(slaves.map((_, index) => [index, index % 2 === 0 ? 1 : 0]));
  expect(slaves.flat().includes("/dev/ptmx")).toBe(false);
  expect(new Set(slaves.flat()).size).toBe(many / 2);
  await Promise.all(all.map((one) => one.running.stop()));
  for (const one of all) one.close();
  expect(await settled(before)).toEqual(before);
}, 180_000);

test("a hundred launches in a row leave no descriptor, process, mount or file", async () => {
  for (let warm = 0; warm < 3; warm++) await run(box, specOf({}));
  const before = tracesOf(runDirectory);
  for (let index = 0; index < 100; index++) {
    const place = index % 10 === 0 ? scratch() : undefined;
    const spec = shell("echo ran; sleep 30 & setsid sleep 30 & true", place ? { folders: [folder(place, "read")] } : {});
    if (index % 2 === 0) expect((await run(box, spec)).stdout).toBe("ran\n");
    else {
      let said = "";
      const launched = await box.launch(spec, { kind: "pty", cols: 80, rows: 24, onOutput: (text) => (said += text) });
      if (!launched.ok) throw new Error(launched.problem.message);
      if (index === 51) expect(tracesOf(runDirectory)).not.toEqual(before);
      expect([await launched.value.exited, said]).toEqual([{ code: 0 }, "ran\r\n"]);
    }
  }
  expect(await settled(before)).toEqual(before);
}, 180_000);

/** The kernel puts the last of a killed tree away a moment after its end was told. */
async function settled(before: ReturnType<typeof tracesOf>): Promise<ReturnType<typeof tracesOf>> {
  for (const end = Date.now() + 5000; Date.now() < end && JSON.stringify(tracesOf(runDirectory)) !== JSON.stringify(before); ) await pause(50);
  return tracesOf(runDirectory);
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

test("the eye for traces sees a descriptor, a process, a mount point and a file that stay", async () => {
  const before = tracesOf(runDirectory);
  const held = createServer().listen(join(scratch(), "s"));
  await new Promise((done) => held.once("listening", done));
  mkdirSync(join(runDirectory, "left"));
  const launched = await box.launch(specOf({ command: ["sleep", "30"] }), { kind: "piped" });
  if (!launched.ok) throw new Error(launched.problem.message);
  const now = tracesOf(runDirectory);
  expect([now.descriptors > before.descriptors, now.processes > before.processes, now.files.includes("left"), belowUs().length > 0]).toEqual([true, true, true, true]);
  await launched.value.stop();
  held.close();
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(runDirectory);
});
