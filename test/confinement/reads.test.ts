/** FSR-01, -02, -04, PER-05: everything that can be walked to inside is walked, and neither a canary's name nor its content is met. */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { withoutFences } from "./fences.ts";
import { give, inside, outside, people } from "./person.ts";
import { makeWorld, openTally, quoted } from "./world.ts";

const tally = openTally("reads (FSR, PER-05)");
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});

/** Prints each place where WORD stands in a name, a link's target or a file below 1 MB; every process's own files too. The last line tells how much was looked at. */
const walker = `
import os, stat, sys
word, roots = sys.argv[1].encode(), [r.encode() for r in sys.argv[2:]]
seen = 0
def look(path, text):
    if word in text: print("MET", path)
def read(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try: return os.read(fd, 1 << 20)
        finally: os.close(fd)
    except OSError: return b""
own = set((b"/proc/%d" % os.getpid(), b"/proc/self", b"/proc/thread-self"))
for root in roots:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try: entries = list(os.scandir(folder))
        except OSError: continue
        for entry in entries:
            seen += 1
            look(entry.path, entry.name)
            try:
                if entry.is_symlink(): look(entry.path, os.readlink(entry.path))
                elif entry.is_dir(follow_symlinks=False):
                    if not entry.path.startswith((b"/proc/", b"/sys/", b"/usr/")) : waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False) and not folder.startswith(b"/usr"): look(entry.path, read(entry.path))
            except OSError: pass
for pid in os.listdir(b"/proc"):
    base = b"/proc/" + pid
    if not pid.isdigit():
        look(base, read(base)); continue
    for name in (b"mountinfo", b"maps", b"environ", b"cmdline", b"cgroup", b"status", b"comm", b"mounts", b"mountstats", b"stat", b"net/unix", b"net/tcp", b"smaps", b"numa_maps"):
        # This program's own arguments hold the word.
        if name == b"cmdline" and int(pid) in (os.getpid(), os.getppid()): continue
        seen += 1
        look(base + b"/" + name, read(base + b"/" + name))
    for name in (b"cwd", b"root", b"exe"):
        try: look(base + b"/" + name, os.readlink(base + b"/" + name))
        except OSError: pass
    try:
        for fd in os.listdir(base + b"/fd"): look(base + b"/fd/" + fd, os.readlink(base + b"/fd/" + fd))
    except OSError: pass
print("looked at", seen)
`;

describe.each(crowd.people)("as $name", (person) => {
  test("no name and no content of what was not handed over is met, wherever one walks", async () => {
    const world = makeWorld(person);
    const word = `canary${process.pid}x${person.uid}`;
    const places = [world.home, join(world.home, ".ssh"), join(world.home, "Documents"), "/tmp", "/var/tmp", "/dev/shm", "/run"].filter((place) => place !== "/run" || process.getuid?.() === 0);
    const made = places.map((place) => join(place, `${word}-name`));
    for (const path of made) {
      mkdirSync(path);
      writeFileSync(join(path, "content"), word);
      symlinkSync(`/nowhere/${word}`, join(path, "link"));
    }
    symlinkSync(join(made[0] ?? "", "content"), join(world.app, "link"));
    give(person, world.path);
    const decoy = spawn("/bin/sleep", ["60"], { argv0: `sleep-${word}`, env: { SECRET: word }, cwd: made[0], stdio: "ignore", detached: true });
    try {
      // The link in the granted folder names the canary by its own text; what it leads to is not there.
      const ran = await inside(person, `cat > /tmp/w.py <<'PYTHON'\n${walker}\nPYTHON\nexec 3</dev/null\npython3 /tmp/w.py ${word} / | grep -v '^MET .*/app/link'; cat ${quoted(join(world.app, "link"))} 2>/dev/null; ls /proc | grep -c '^[0-9]'`, { spec: { folders: world.grants }, cwd: made[0] ?? "/" });
      const [looked = "", processes = ""] = ran.stdout.trim().split("\n").slice(-2);
      expect(ran.stdout.split("\n").filter((line) => line.includes("MET"))).toEqual([]);
      expect(Number(/looked at (\d+)/.exec(looked)?.[1])).toBeGreaterThan(500);
      expect(Number(processes)).toBeLessThan(10);
      const control = await outside(person, ["/usr/bin/python3", "-c", walker, word, ...made.map((path) => join(path, ".."))]);
      expect(made.filter((path) => !control.stdout.includes(path))).toEqual([]);
      expect(control.stdout).toContain(`/proc/${decoy.pid}/cmdline`);
      if (person.uid === 0) expect(control.stdout).toContain(`/proc/${decoy.pid}/environ`);
      // The same walker, in the same box with the home bound and the host's processes shown: it meets what it did not meet before.
      const open = await withoutFences(person, `cat > /tmp/w.py <<'PYTHON'\n${walker}\nPYTHON\npython3 /tmp/w.py ${word} /`, { show: [world.home], instead: [[["--proc", "/proc"], ["--ro-bind", "/proc", "/proc"]]] });
      const athome = made.filter((path) => path.startsWith(world.home));
      const met = athome.flatMap((path) => [path, join(path, "content"), join(path, "link")]).filter((path) => open.stdout.includes(`MET b'${path}'\n`));
      expect([met.length, open.stdout.includes(`/proc/${decoy.pid}/cmdline`)]).toEqual([athome.length * 3, true]);
      for (const path of made) for (const part of ["", "/content", "/link"]) tally.tried(`${path}${part}`, !ran.stdout.includes(`MET b'${path}${part}'`));
      for (const part of ["cmdline", "environ", "cwd", "comm"]) tally.tried(`${part} of a host process`, !ran.stdout.includes(`MET b'/proc/${decoy.pid}/${part}'`));
      tally.add(0, made.length + 1 + met.length + 1);
    } finally {
      decoy.kill("SIGKILL");
      for (const path of made) rmSync(path, { recursive: true, force: true });
      world.remove();
    }
  }, 120_000);

  test("no host path but the granted ones stands in the mounts, and none of the launcher's descriptors is open", async () => {
    const world = makeWorld(person);
    const ran = await inside(person, `cat /proc/self/mountinfo /proc/1/mountinfo; echo FDS; for p in /proc/[0-9]*; do readlink $p/fd/* 2>/dev/null; done | grep -vE '^(pipe|socket|anon_inode):|^/dev/(null|pts/)|^/proc/' | sort -u`, { spec: { folders: world.grants } });
    const [mounts = "", descriptors = ""] = ran.stdout.split("FDS\n");
    const named = mounts.split("\n").filter((line) => line.includes("bulkhead-world") || line.includes(world.path)).map((line) => line.split(" ")[4]);
    expect(new Set(named.filter((path) => path !== world.app && path !== world.work))).toEqual(new Set());
    expect(mounts.split("\n").filter((line) => /upperdir=\/(?!proc\/self\/fd)|lowerdir=\/(?!proc\/self\/fd)/.test(line))).toEqual([]);
    expect(new Set(named)).toEqual(new Set([world.app, world.work]));
    expect(descriptors.split("\n").filter((line) => line.startsWith("/") && !line.startsWith("/run/bulkhead"))).toEqual([]);
    world.remove();
    tally.add(4, 1);
  });
});
