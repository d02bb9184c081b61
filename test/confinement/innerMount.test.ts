/** A folder with another file system mounted inside: no overlay can hold it, so it is bound; read-only all the way down, and no socket in it leads out. */
import { existsSync, mkdirSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { give, inside, launch, mount, outside, ownDirectory, people } from "./person.ts";
import { openSink } from "./sink.ts";
import { openTally, quoted } from "./world.ts";

const tally = openTally("inner mounts");
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});

// Only root can mount; a plain user's run takes the mounts that every machine has below /sys.
const asRoot = process.getuid?.() === 0;
const mounting = (place: string): string[] => ["/usr/bin/unshare", "-m", "/bin/sh", "-c", `mount -t tmpfs inner ${quoted(join(place, "inner"))} && echo seen > ${quoted(join(place, "inner/file"))} && chmod 777 ${quoted(join(place, "inner"))} && exec "$@"`, "sh"];

describe.each(crowd.people)("as $name", (person) => {
  test("for reading: the inner one is read-only too, and a socket of the host is nobody's", async () => {
    if (!asRoot) {
      const ran = await inside(person, "ls /sys/fs/cgroup | head -1 | wc -l; mkdir /sys/fs/cgroup/x 2>/dev/null; for f in $(find /sys -maxdepth 4 -type f 2>/dev/null | head -3000); do (: >> $f) 2>/dev/null && echo opened $f; done; true", { spec: { folders: [mount("/sys", "read")] } });
      expect(ran.stdout).toBe("1\n");
      return tally.add(2, 1);
    }
    const place = ownDirectory(person);
    mkdirSync(join(place, "inner"));
    writeFileSync(join(place, "outer"), "whole\n");
    give(person, place);
    const sink = await openSink({ path: join(place, "s"), readableAll: true, writableAll: true });
    const connect = "python3 -c 'import socket;s=socket.socket(socket.AF_UNIX);s.connect(\"s\");print(\"reached\")'";
    const ran = await inside(person, `cd ${quoted(place)}; cat outer inner/file; exec 2>/dev/null; echo no > inner/file; echo no > inner/new; echo no > outer; ${connect}; ls inner`, { spec: { folders: [mount(place, "read")] }, before: mounting(place) });
    expect([ran.stdout, sink.hits(), readFileSync(join(place, "outer"), "utf8")]).toEqual(["whole\nseen\nfile\n", 0, "whole\n"]);
    expect(await outside(person, ["/bin/sh", "-c", `cd ${quoted(place)} && ${connect}`])).toMatchObject({ stdout: "reached\n" });
    await sink.close();
    tally.add(4, 3);
  });

  test("for editing: refused with the reason, and nothing ran", async () => {
    const [place, layer] = [ownDirectory(person), ownDirectory(person)];
    for (const path of [join(place, "inner"), join(layer, "upper"), join(layer, "work")]) mkdirSync(path);
    for (const path of [place, layer]) give(person, path);
    const folders = [mount(asRoot ? place : "/sys", "edit", layer)];
    const refused = await launch(person, `echo ran > ${quoted(join(place, "ran"))}`, asRoot ? { spec: { folders }, before: mounting(place) } : { spec: { folders } });
    expect(refused).toMatchObject({ problem: "no-containment", message: expect.stringContaining("another disk or share is mounted inside") as string });
    expect(await inside(person, `cd ${quoted(place)} && echo fine > new && cat new`, { spec: { folders: [mount(place, "edit", layer)] } })).toMatchObject({ stdout: "fine\n" });
    expect(existsSync(join(place, "ran"))).toBe(false);
    tally.add(1, 1);
  });
});
