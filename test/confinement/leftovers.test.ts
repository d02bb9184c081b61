/** PER of the published failures: what outlives a session, and what one session leaves for the next. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { inside, launch, people } from "./person.ts";
import { fingerprint, makeWorld, openTally } from "./world.ts";

const tally = openTally("leftovers (PER)");
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});

/** Host processes with `mark` among their arguments or in their name. */
function alive(mark: string): number {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(mark);
    } catch {
      return false;
    }
  }).length;
}

async function gone(mark: string): Promise<number> {
  for (const end = Date.now() + 5000; Date.now() < end && alive(mark) > 0; ) await new Promise((done) => setTimeout(done, 20));
  return alive(mark);
}

const breed = (mark: string): string => `
sleep ${mark} & setsid sleep ${mark} & nohup sleep ${mark} >/dev/null 2>&1 & (setsid sh -c 'sleep ${mark} & sleep ${mark}' &) ; disown -a
(trap '' TERM HUP INT QUIT; sleep ${mark}) & (sleep ${mark} 0<&0 1>&1) &
python3 -c 'import os,signal
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for s in range(1, 32):
    try: signal.signal(s, signal.SIG_IGN)
    except OSError: pass
os.execvp("sleep", ["sleep", "${mark}"])'
sleep 0.2; echo BRED; `;

describe.each(crowd.people)("as $name", (person) => {
  test("nothing outlives the command's own end, however it hides", async () => {
    const mark = `9${process.pid}.1${person.uid}`;
    const ran = await inside(person, breed(mark));
    expect([ran.stdout, ran.code, await gone(mark)]).toEqual(["BRED\n", 0, 0]);
    tally.add(8, 1);
  });

  test("nothing outlives a stop", async () => {
    const mark = `9${process.pid}.2${person.uid}`;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, alive(mark))), 20);
    const ran = await inside(person, `${breed(mark)} sleep ${mark}`, { stopWhen: "BRED" });
    clearInterval(watch);
    expect([ran.signal, await gone(mark), most > 6]).toEqual(["SIGKILL", 0, true]);
    tally.add(9, 1);
  });

  test("nothing outlives the app when it is killed, and no mount stays", async () => {
    const mark = `9${process.pid}.3${person.uid}`;
    const world = makeWorld(person);
    const mounts = (): number => readFileSync("/proc/self/mountinfo", "utf8").split("\n").filter((line) => line.includes(world.path)).length;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, alive(mark))), 20);
    await launch(person, `${breed(mark)} sleep ${mark}`, { stopWhen: "BRED", die: true, spec: { folders: world.grants } });
    clearInterval(watch);
    expect([await gone(mark), most > 6, mounts()]).toEqual([0, true, 0]);
    world.remove();
    tally.add(10, 1);
  });

  test("one session finds nothing of another's home, temporary files or caches", async () => {
    const names = ["~/.npmrc", "~/.config/git/config", "~/.bashrc", "~/.local/bin/node", "~/.cache/pip/x", "/tmp/x", "/var/tmp/x", "/dev/shm/x", "~/.python_history"];
    const first = await inside(person, names.map((name) => `mkdir -p $(dirname ${name}); echo poisoned > ${name} && echo wrote`).join("\n"));
    const second = await inside(person, `cat ${names.join(" ")} 2>/dev/null; ls -A ~ /tmp /dev/shm | grep -v :; grep -rs poisoned ~ /tmp; true`);
    expect([first.stdout, second.stdout.trim()]).toEqual(["wrote\n".repeat(names.length), ""]);
    tally.add(names.length, names.length);
  });

  test("what other programs would run by themselves stays in the staging layer, where a person sees it first", async () => {
    const world = makeWorld(person);
    const before = fingerprint(world.work);
    const names = [".claude/settings.json", ".gemini/settings.json", ".cursor/rules/x.mdc", ".vscode/tasks.json", ".git/hooks/post-checkout", "package.json", "Makefile", "conftest.py", ".envrc", "build.gradle", "x.pth", ".npmrc", "Dockerfile"];
    const ran = await inside(person, `cd '${world.work}'; ${names.map((name) => `mkdir -p $(dirname ${name}); echo x > ${name} && echo wrote`).join("; ")}`, { spec: { folders: world.grants } });
    expect(ran.stdout).toBe("wrote\n".repeat(names.length));
    expect([fingerprint(world.work), readFileSync(join(world.layer, "upper/.envrc"), "utf8")]).toEqual([before, "x\n"]);
    world.remove();
    tally.add(names.length, names.length);
  });
});
