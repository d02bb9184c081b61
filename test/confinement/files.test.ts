/** FSR and FSW of the published failures: what is read, what is written, judged by the host's disk. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { give, inside, launch, outside, ownDirectory, people, type Person } from "./person.ts";
import { reachTable, type Place } from "./reachTable.ts";
import { makeWorld, openTally, quoted, secretNames, type World } from "./world.ts";

const tally = openTally("files (FSR, FSW)");
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});

const placesIn = (world: World, person: Person): { [place in Place]: string } => ({
  "read-grant": world.app, "edit-grant": world.work, "edit-original": world.work, "beside-grant": join(world.home, "Documents/app-secrets"), home: world.home, ssh: join(world.home, ".ssh"),
  keychains: join(world.home, ".local/share/keyrings"), autostart: join(world.home, ".config/autostart"), "own-data": world.data, "host-tmp": world.path,
  "private-home": "/home/agent", "private-tmp": "/tmp", system: "/usr/bin", "system-config": "/etc", runtime: person.node,
});

async function within(person: Person, act: (world: World) => Promise<void>): Promise<void> {
  const world = makeWorld(person);
  const before = world.fingerprint();
  try {
    await act(world);
    expect(world.fingerprint(), "the host's disk is as it was").toBe(before);
  } finally {
    world.remove();
  }
}

describe.each(crowd.people)("as $name", (person) => {
  test("the reach table holds, row by row", () => within(person, async (world) => {
    const places = placesIn(world, person);
    const inPlace = reachTable.map((row) => ({ ...row, path: row.place === "runtime" ? "/opt/bulkhead/node" : join(places[row.place], row.below) }));
    // Reads first: nothing that was written is read. A system file is opened for appending and never changed.
    const reads = inPlace.map(({ operation, path }, at) => (operation === "read" ? `head -c 1 ${quoted(path)} >/dev/null 2>&1 && echo ok ${at}` : ""));
    const writes = inPlace.map(({ operation, path, place }, at) => (operation !== "write" ? "" : place === "system" || place === "runtime"
      ? `(: >> ${quoted(path)}) 2>/dev/null && echo ok ${at}`
      : `mkdir -p "$(dirname ${quoted(path)})" 2>/dev/null; (echo row${at} > ${quoted(path)}) 2>/dev/null && echo ok ${at}`));
    const ran = await inside(person, [...reads, ...writes].join("\n"), { spec: { folders: world.grants, withAgent: true } });
    const ok = new Set(ran.stdout.split("\n").filter((line) => line.startsWith("ok ")).map((line) => Number(line.slice(3))));
    // A write that succeeds inside counts as denied where the host's file is as it was: it went into the staging layer or a private area.
    const wrong = inPlace.filter((row, at) => row.allowed ? !ok.has(at) : row.operation === "read" || row.place === "system" || row.place === "runtime" || row.place === "read-grant" ? ok.has(at) : existsSync(row.path) && readFileSync(row.path, "utf8").includes(`row${at}`));
    expect(wrong.map(({ operation, place, below }) => `${operation} ${place}/${below}`)).toEqual([]);
    expect(readFileSync(join(world.layer, "upper/new.txt"), "utf8")).toMatch(/^row\d+\n$/);
    const readable = await outside(person, ["/bin/sh", "-c", `cat ${["beside-grant", "ssh"].map((place) => quoted(join(places[place as Place], place === "ssh" ? "id_rsa" : "plain.txt"))).join(" ")} /etc/hostname`]);
    expect(readable.stdout.split(world.canary).length - 1).toBe(2);
    tally.add(inPlace.filter((row) => !row.allowed).length, inPlace.filter((row) => row.allowed).length + 2);
  }));

  test("0 of the home's secrets are readable, by any spelling", () => within(person, async (world) => {
    const names = secretNames.map((name) => join(world.home, name));
    const control = await outside(person, ["/bin/cat", ...names]);
    expect(control.stdout.split(world.canary).length - 1).toBe(names.length);
    const spell = (path: string): string[] => [path, `/proc/self/root${path}`, `/proc/1/root${path}`, `/proc/thread-self/root${path}`, `/proc/self/cwd/../../../..${path}`, `//${path}`, `/proc/2/root${path}`];
    const spelt = names.flatMap(spell).map((path) => `cat ${quoted(path)}`);
    const ran = await inside(person, `exec 2>/dev/null\n${spelt.join("\n")}\nexec 3<.\ncat /dev/fd/3/../../.ssh/id_rsa\ngrep -rs canary- / --include=id_rsa --include=.netrc --exclude-dir=proc --exclude-dir=sys -l | grep -v nothing\ncat plain.txt`, { spec: { folders: world.grants } });
    expect(ran.stdout).toBe("granted\n");
    tally.add(spelt.length + 2, names.length + 1);
  }));

  test("a link in a granted folder leads nowhere outside, for reading and for writing", () => within(person, async (world) => {
    const targets = [join(world.home, ".ssh/id_rsa"), join(world.home, ".bashrc"), "/etc/shadow", join(world.home, "Documents/app2/plain.txt")];
    const ran = await inside(person, `cd ${quoted(world.work)}\n${targets.map((path, at) => `ln -s ${quoted(path)} l${at}; cat l${at} 2>/dev/null; echo pwned 2>/dev/null >> l${at}; ln ${quoted(path)} h${at} 2>/dev/null`).join("\n")}\nln -s ${quoted(world.home)} d; echo pwned 2>/dev/null > d/.profile; test -L l0 && test -L d && echo made`, { spec: { folders: world.grants } });
    expect(ran.stdout).toBe("made\n");
    tally.add(targets.length * 3 + 1, 1);
  }));

  test("control files, present or absent, nested or later, in any case, never reach the folder", () => within(person, async (world) => {
    const names = [".claude/settings.json", ".claude/settings.local.json", ".codex/config.toml", ".mcp.json", ".cursor/mcp.json", ".gemini/settings.json", ".vscode/settings.json", ".vscode/tasks.json", ".idea/x", ".git/hooks/pre-commit", ".git/config", ".gitmodules",
      ".gitattributes", ".envrc", ".npmrc", "HEAD", "config", "objects/x", "refs/x", ".GIT/config", ".Git/hooks/x", ".VSCODE/tasks.json", "a/b/c/d/e/f/g/.git/hooks/pre-commit", "existing/.git/config", "existing/.git/hooks/pre-commit", "existing/.vscode/tasks.json", "x.desktop", "conftest.py", "sitecustomize.py"];
    const write = names.map((name) => `mkdir -p "$(dirname ${quoted(name)})"; echo 'touch /tmp/pwn' > ${quoted(name)} && echo wrote`);
    const ran = await inside(person, `cd ${quoted(world.work)}\n${write.join("\n")}\nmv existing moved; git init -q repo && cd repo && git config user.email a@b && git config user.name a && echo x > f && git add f && git commit -q -m x && echo committed`, { spec: { folders: world.grants } });
    expect(ran.stdout.split("\n").filter((line) => line === "wrote")).toHaveLength(names.length);
    expect(ran.stdout).toContain("committed");
    tally.add(names.length + 2, 2);
  }));

  test("no writer, however it is spelt, changes the person's disk", () => within(person, async (world) => {
    const [home, hook] = [join(world.home, "notes.txt"), join(world.work, "existing/.git/hooks/pre-commit")];
    const writers = [home, hook, join(world.app, "plain.txt")].map(quoted).flatMap((f) => [
      `echo x > ${f}`, `echo x >> ${f}`, `echo x >| ${f}`, `sed -n 'w '${f} plain.txt`, `sed -i s/a/b/ ${f}`, `echo x | tee ${f}`, `dd if=/dev/zero of=${f} count=1`, `sort -o ${f} plain.txt`, `find . -maxdepth 1 -fprint ${f}`,
      `find . -maxdepth 0 -exec cp plain.txt ${f} ';'`, `awk -v f=${f} 'BEGIN{print "x" > f}'`, `cp plain.txt ${f}`, `mv plain.txt ${f}`, `install plain.txt ${f}`, `python3 -c 'import sys;open(sys.argv[1],"w").write("x")' ${f}`,
      `truncate -s 0 ${f}`, `rm -f ${f}`, `chmod 777 ${f}`, `touch -d 2001-01-01 ${f}`, `ln -sf /tmp ${f}`, `git diff --no-index --output=${f} plain.txt /dev/null`, `tar cf ${f} plain.txt`, `echo plain.txt | xargs -I{} cp {} ${f}`, `chown 0 ${f}`, `unlink ${f}`, `rename=1; mv -f ${f} ${f}.gone`,
    ]);
    const ran = await inside(person, `cd ~; echo a > plain.txt; exec 2>/dev/null\n${writers.map((writer) => `(${writer}) >/dev/null; [ -e plain.txt ] || echo a > plain.txt`).join("\n")}\necho own > ~/own && cat ~/own`, { spec: { folders: world.grants } });
    expect(ran.stdout).toBe("own\n");
    tally.add(writers.length, 1);
  }));

  test("destroying everything inside leaves the original whole", () => within(person, async (world) => {
    const ran = await inside(person, `cd ${quoted(world.work)} && ls | wc -l; find . -mindepth 1 -delete; rm -rf ./* ./.[!.]*; ls -A | wc -l; rm -rf ${quoted(world.app)}/* 2>/dev/null; rm -rf ~/* /tmp/* 2>/dev/null; ls -A ${quoted(world.app)} | wc -l`, { spec: { folders: world.grants } });
    expect(ran.stdout).toBe("3\n0\n2\n");
    tally.add(4, 2);
  }));

  test("temporary places are not shared, in either direction", async () => {
    const mark = `bulkhead-shared-${process.pid}-${person.uid}`;
    const places = ["/tmp", "/var/tmp", "/dev/shm"];
    try {
      for (const place of places) writeFileSync(join(place, `${mark}-host`), "canary");
      const ran = await inside(person, places.map((place) => `cat ${place}/${mark}-host 2>/dev/null; echo inside > ${place}/${mark}-in && cat ${place}/${mark}-in`).join("\n"));
      expect(ran.stdout).toBe("inside\n".repeat(3));
      expect(places.filter((place) => existsSync(join(place, `${mark}-in`)))).toEqual([]);
      tally.add(6, 3);
    } finally {
      for (const place of places) rmSync(join(place, `${mark}-host`), { force: true });
    }
  });

  test("the enforcing programs are not changed from inside, and a changed copy does not launch", async () => {
    const launcher = join(person.program, "dist/launcher/bulkhead-launcher");
    const hash = (): string => createHash("sha256").update(readFileSync(launcher)).digest("hex");
    const before = hash();
    const ran = await inside(person, `exec 2>/dev/null; for f in /run/bulkhead/init /usr/bin/bwrap /opt/bulkhead/node; do (: >> $f) && echo opened $f; chmod 777 $f && echo chmod $f; mv $f /tmp/x && echo moved $f; cp /bin/true $f && echo copied $f; rm -f $f && echo removed $f; done; test -x /run/bulkhead/init && echo there`, { spec: { withAgent: true } });
    expect(ran.stdout).toBe("there\n");
    expect(hash()).toBe(before);
    const spoilt = join(ownDirectory(person), "dist");
    const marker = join(spoilt, "../marker");
    for (const [file, bytes] of [["launcher/bulkhead-launcher", "#!/bin/sh\ntouch $0.ran\n"], ["seccomp/x64.bpf", ""], ["seccomp/arm64.bpf", ""], ["hashes.json", "{}"], ["hashes.json", "nonsense"]] as const) {
      cpSync(join(person.program, "dist"), spoilt, { recursive: true });
      writeFileSync(join(spoilt, file), bytes);
      if (file.endsWith(".bpf") && !file.includes(process.arch)) continue;
      give(person, spoilt);
      expect(await launch(person, `touch ${quoted(marker)}`, { dist: spoilt }), file).toMatchObject({ problem: "no-containment" });
      expect(existsSync(marker) || existsSync(join(spoilt, "launcher/bulkhead-launcher.ran"))).toBe(false);
      rmSync(spoilt, { recursive: true });
    }
    tally.add(15 + 4, 1);
  });

  test("the kernel's settings are not writable, not even for files that root owns", async () => {
    const files = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/kcore", "/proc/irq/default_smp_affinity", "/proc/1/mem", "/proc/1/oom_score_adj", "/sys/kernel/mm/transparent_hugepage/enabled", "/proc/self/loginuid-none", "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda"];
    const ran = await inside(person, `exec 2>/dev/null; ${files.filter((file) => file !== "/proc/1/oom_score_adj").map((file) => `(: >> ${file}) && echo opened ${file}`).join("; ")}; mknod ~/disk b 8 0 && echo made; mount -o remount,rw / && echo remounted; mount -o remount,rw /proc/sys && echo remounted; umount /proc/sys && echo unmounted; (: >> /dev/null) && echo null`);
    expect(ran.stdout).toBe("null\n");
    expect(statSync("/proc/sys/kernel/core_pattern").isFile()).toBe(true);
    tally.add(files.length + 3, 1);
  });

  test("of the root directory only what is listed exists, and nothing of /run and /var", async () => {
    const ran = await inside(person, "ls /; ls -A /run /run/bulkhead /var /home /etc");
    const lines = new Set(ran.stdout.split(/\s+/));
    expect(["root", "mnt", "media", "srv", "boot", "sys", "docker.sock", "dbus", "user", "shadow", "sudoers", "ssh", "machine-id", "environment"].filter((name) => lines.has(name))).toEqual([]);
    expect(readdirSync("/").includes("root")).toBe(true);
    tally.add(14, 1);
  });
});
