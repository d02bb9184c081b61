/**
 * Other versions of bubblewrap, by a wrapper over /usr/bin/bwrap that knows the options of that version and no others (docs/bubblewrap-versions.md).
 * Each is launched for real; a second filter that refuses nothing shows that nested user namespaces are refused by more than the filter.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { bubblewrapVersion, essential, judgeFeatures, readFeatures } from "../../main/sandbox/features.ts";
import { give, inside, launch, ownDirectory, people, type Person } from "../confinement/person.ts";
import { removeTree } from "../../main/base/removeTree.ts";
import { temporaryDirectory } from "../temporary.ts";

const crowd = await people();
afterAll(crowd.remove);

/** Which options came with which version; the first that we launch is 0.4.1. */
const since: [version: string, ...options: string[]][] = [
  ["0.5.0", "--perms", "--chmod", "--clearenv"], ["0.6.0", "--add-seccomp-fd"], ["0.7.0", "--size"], ["0.8.0", "--disable-userns", "--assert-userns-disabled"],
  ["0.9.0", "--argv0"], ["0.10.0", "--bind-fd", "--ro-bind-fd"], ["0.11.0", "--overlay", "--tmp-overlay", "--ro-overlay", "--overlay-src", "--level-prefix"],
];
const number = (version: string): number => version.split(".").reduce((sum, part) => sum * 1000 + Number(part), 0);
const after = (version: string): string[] => since.filter(([first]) => number(first) > number(version)).flatMap(([, ...options]) => options);
const upTo = (version: string): string[] => since.filter(([first]) => number(first) <= number(version)).flatMap(([, ...options]) => options);

const asRoot = process.getuid?.() === 0;
const covered = (wrapper: string): string[] => [...(asRoot ? ["/usr/bin/unshare", "-m"] : ["/usr/bin/unshare", "-Urm"]), "/bin/sh", "-c", `mount --bind ${wrapper} /usr/bin/bwrap && exec "$@"`, "sh"];

interface Wrapper { version: string; refused: string[]; added?: string[]; hidden?: string[]; noise?: string }

/** The real program under another name, and a script in its place. Whoever mounts it owns it: root, or root of his own namespace. */
function wrap(directory: string, wrapper: Wrapper): string[] {
  const real = join(directory, "real");
  if (!existsSync(real)) cpSync("/usr/bin/bwrap", real);
  const path = join(directory, `bwrap-${wrapper.version}-${Math.random().toString(36).slice(2)}`);
  const refused = wrapper.refused.length > 0 ? `${wrapper.refused.join("|")}) echo "bwrap: Unknown option $word" >&2; exit 1;;` : "";
  const hidden = [...(wrapper.hidden ?? wrapper.refused), "--nothing-like-it"].map((option) => `-e ${option.replace(/^/, "' ")} '`).join(" ");
  writeFileSync(path, `#!/bin/sh
case $1 in
  --version) echo "bubblewrap ${wrapper.version}"; exit 0;;
  --help) ${real} --help | /usr/bin/grep -v ${hidden}; ${(wrapper.added ?? []).map((option) => `echo "    ${option} X"; `).join("")}exit 0;;
esac
for word in "$@"; do case $word in --) break;; ${refused} esac; done
${wrapper.noise ? `echo "${wrapper.noise}" >&2` : ""}
exec ${real} "$@"
`);
  chmodSync(path, 0o755);
  return covered(path);
}

/** A copy of the program's dist whose filter refuses nothing: one instruction, «allow». */
function openFilter(person: Person): string {
  const dist = join(ownDirectory(person), "dist");
  cpSync(join(person.program, "dist"), dist, { recursive: true });
  const name = `seccomp/${process.arch}.bpf`;
  const allow = Buffer.alloc(8);
  allow.writeUInt16LE(0x06, 0);
  allow.writeUInt32LE(0x7fff0000, 4);
  writeFileSync(join(dist, name), allow);
  const hashes = JSON.parse(readFileSync(join(dist, "hashes.json"), "utf8")) as { [name: string]: string };
  writeFileSync(join(dist, "hashes.json"), JSON.stringify({ ...hashes, [name]: createHash("sha256").update(allow).digest("hex") }));
  give(person, dist);
  return dist;
}

/** The same program with one line of its plan taken out. */
function withoutNamespaceLimit(person: Person): Person {
  const program = ownDirectory(person);
  for (const part of ["package.json", "main", "protocol", "test", "node_modules"]) cpSync(join(person.program, part), join(program, part), { recursive: true });
  const plan = join(program, "main/sandbox/plan.ts");
  const text = readFileSync(plan, "utf8");
  const altered = text.replace('["namespaces", "2"], ', "");
  expect(altered).not.toBe(text);
  writeFileSync(plan, altered);
  give(person, program);
  return { ...person, program };
}

const nested = "unshare -U echo nested 2>&1; python3 -c 'import ctypes,os; print(ctypes.CDLL(None,use_errno=True).unshare(0x10000000), ctypes.get_errno())' 2>/dev/null; true";
const versions: Wrapper[] = [
  ...["0.4.1", "0.5.0", "0.6.3", "0.7.0"].map((version) => ({ version, refused: after(version) })),
  { version: "0.8.0", refused: after("0.8.0") },
  ...["0.9.0", "0.11.2", "0.12.0"].map((version) => ({ version, refused: [], added: upTo(version) })),
  { version: "9.9.9", refused: [], added: ["--from-the-future"], noise: "bwrap: warning: something is deprecated" },
];

describe.each(crowd.people)("as $name", (person) => {
  const place = ownDirectory(person);
  chmodSync(place, 0o755);
  const open = openFilter(person);
  afterAll(() => removeTree(place));

  test.each(versions)("bubblewrap $version confines: shared memory is private and bounded, no namespace opens inside", async (wrapper) => {
    const before = wrap(place, wrapper);
    const script = "echo x > /dev/shm/x && cat /dev/shm/x; df -k --output=size /dev/shm | tail -1 | tr -d '[:blank:]'; touch /usr/x /x /dev/x 2>/dev/null && echo wrote; id -u; grep -E '^(CapEff|Seccomp):' /proc/self/status | tr '\\n\\t' '  '; echo; unshare -U echo nested 2>/dev/null; true";
    const ran = await inside(person, script, { before, spec: { limits: { processes: 64, openFiles: 1024, privateBytes: 64 << 20 } } });
    expect(ran).toMatchObject({ stdout: `x\n65536\n1000\nCapEff: 0000000000000000 Seccomp: 2 \n`, code: 0 });
    const unfiltered = await inside(person, nested, { before, dist: open });
    expect(unfiltered.stdout).not.toMatch(/nested\n|^0 /m);
    expect(unfiltered.stdout).toMatch(/-1 (28|1)\n$/);
  });

  test("control: without the keeper's limit, an old bubblewrap and a filter that refuses nothing do let a namespace open", async () => {
    const altered = withoutNamespaceLimit(person);
    const ran = await inside(altered, nested, { before: wrap(place, { version: "0.4.1", refused: after("0.4.1") }), dist: open });
    expect(ran.stdout).toMatch(/^nested\n0 0\n$/);
    const newer = await inside(altered, nested, { before: wrap(place, { version: "0.8.0", refused: [] }), dist: open });
    expect(newer.stdout).not.toMatch(/nested\n|^0 /m);
  });

  test.each([
    ["too old", { version: "0.4.0", refused: after("0.4.0") }, /CVE-2020-5291/],
    ["one that lacks what has no equal", { version: "0.7.0", refused: ["--die-with-parent", ...after("0.7.0")] }, /does not know --die-with-parent/],
    ["one that says it knows an option and does not", { version: "0.8.0", refused: ["--disable-userns"], hidden: [] }, /Unknown option --disable-userns/],
  ] as [string, Wrapper, RegExp][])("%s is refused with the reason, and nothing runs", async (_name, wrapper, reason) => {
    const marker = join(place, `marker-${wrapper.version}`);
    const result = await launch(person, `touch ${marker}`, { before: wrap(place, wrapper) });
    expect(result).toMatchObject({ problem: "no-containment", message: expect.stringMatching(reason) as string });
    expect(existsSync(marker)).toBe(false);
  });

  test("a set-uid bubblewrap is refused", async () => {
    mkdirSync(join(place, "suid"));
    const path = join(place, "suid/bwrap");
    cpSync("/usr/bin/bwrap", path);
    chmodSync(path, 0o4755);
    expect(await launch(person, "true", { before: covered(path) })).toMatchObject({ problem: "no-containment", message: expect.stringMatching(/set-uid/) as string });
  });
});

test("what is asked decides, never the number", () => {
  const help = (options: readonly string[]): string => options.map((option) => `    ${option} X   does something`).join("\n");
  const version = () => "bubblewrap 0.4.1";
  const all = [...essential, "--disable-userns", "--size"];
  expect([
    judgeFeatures({ version, help: help(all), setuid: false }), judgeFeatures({ version: () => "bubblewrap 99.0", help: help(essential), setuid: false }),
    judgeFeatures({ version: () => undefined, help: help(essential), setuid: false }).ok, judgeFeatures({ version, help: undefined, setuid: false }).ok,
    judgeFeatures({ version, help: help(all), setuid: true }).ok, ...essential.map((option) => judgeFeatures({ version, help: help(all.filter((one) => one !== option)), setuid: false }).ok),
  ]).toEqual([{ ok: true, value: { lacks: [] } }, { ok: true, value: { lacks: ["--disable-userns", "--size"] } }, false, false, false, ...essential.map(() => false)]);
});

test("an answer is remembered for the very file that gave it, in a process of its own", () => {
  const memory = join(temporaryDirectory(), "bubblewrap.json");
  const ask = (): string => execFileSync(process.execPath, ["--input-type=module", "-e", `import { readFeatures } from ${JSON.stringify(join(import.meta.dirname, "../../main/sandbox/features.ts"))}; process.stdout.write(JSON.stringify(readFeatures(${JSON.stringify(memory)})))`], { encoding: "utf8" });
  const first = ask();
  const kept = JSON.parse(readFileSync(memory, "utf8")) as { stamp: string; lacks: string[] };
  // A mark that only remembering can bring back.
  writeFileSync(memory, JSON.stringify({ ...kept, lacks: ["--size"] }));
  const again = ask();
  writeFileSync(memory, JSON.stringify({ stamp: `${kept.stamp}1`, lacks: ["--size"] }));
  const other = ask();
  writeFileSync(memory, "{");
  expect([JSON.parse(again), other, ask()]).toEqual([{ ok: true, value: { lacks: ["--size"] } }, first, first]);
});

test("the bubblewrap of this machine answers", () => {
  expect([readFeatures().ok, bubblewrapVersion()]).toEqual([true, expect.stringMatching(/^\d+\.\d+/)]);
});
