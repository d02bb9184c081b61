/** KRN-07/09/10, CRD-02, FSR-06, PER-03, IPC-08: how we launch, what comes along, what is left, and that nothing runs where nothing can be confined. The command line itself is tried. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeTree } from "../../main/base/removeTree.ts";
import { inside, outside, ownDirectory, people } from "./person.ts";
import { openSink } from "./sink.ts";
import { openTally, quoted } from "./world.ts";

const tally = openTally("launch hygiene (KRN-07/09/10, CRD-02, FSR-06, PER-03, IPC-08)");
const crowd = await people();
const root = resolve(import.meta.dirname, "../..");
const bin = join(root, "build/bulkhead.mjs");
const asRoot = process.getuid?.() === 0;
let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "bulkhead-hygiene-"));
});
afterAll(() => {
  removeTree(base);
  crowd.remove();
  tally.print();
});

interface Home { path: string; env: NodeJS.ProcessEnv }
interface Said { code: number | null; out: string; err: string }

function makeHome(): Home {
  const path = mkdtempSync(join(base, "h-"));
  for (const part of ["home", "data", "config", "state", "tmp"]) mkdirSync(join(path, part), { mode: 0o700 });
  return { path, env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", HOME: join(path, "home"), TMPDIR: join(path, "tmp"), XDG_DATA_HOME: join(path, "data"), XDG_CONFIG_HOME: join(path, "config"), XDG_STATE_HOME: join(path, "state") } };
}

function begin(words: string[], home: Home, more: { env?: NodeJS.ProcessEnv; cwd?: string; before?: string[]; program?: string } = {}): { child: ChildProcess; said: Promise<Said> } {
  const [program = "", ...rest] = [...(more.before ?? []), process.execPath, more.program ?? bin, ...words];
  const child = spawn(program, rest, { env: { ...home.env, ...more.env }, cwd: more.cwd ?? "/", stdio: ["ignore", "pipe", "pipe"] });
  const text = { out: "", err: "" };
  child.stdout.on("data", (bytes: Buffer) => (text.out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (text.err += bytes.toString()));
  return { child, said: new Promise((done, fail) => void child.on("error", fail).on("close", (code) => done({ code, ...text }))) };
}
const bulkhead = (words: string[], home: Home, more: Parameters<typeof begin>[2] = {}): Promise<Said> => begin(words, home, more).said;

const bytesOf = (path: string): string => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
};
/** Host processes with `mark` among their arguments. */
const marked = (mark: string): number[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name) && bytesOf(`/proc/${name}/cmdline`).split("\0").includes(mark)).map(Number);
const parentOf = (pid: number): number => Number(/^PPid:\t(\d+)/m.exec(bytesOf(`/proc/${pid}/status`))?.[1]);
async function until(what: () => boolean, ms = 15_000): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end && !what(); ) await new Promise((done) => setTimeout(done, 20));
  return what();
}

interface Chain { command: number; init: number; bubblewrap: number; launcher: number }
/** From a marked process inside up to the launcher: process 1, bubblewrap's two, the launcher. */
function chainOf(mark: string): Chain {
  const up: number[] = [];
  for (let pid = marked(mark)[0] ?? 0; pid > 1; pid = parentOf(pid)) up.push(pid);
  const named = (text: string): number => up.findLast((pid) => bytesOf(`/proc/${pid}/cmdline`).includes(text)) ?? 0;
  const init = up.find((pid) => bytesOf(`/proc/${pid}/cmdline`).startsWith("/run/bulkhead/init")) ?? 0;
  return { init, command: up[up.indexOf(init) - 1] ?? 0, bubblewrap: named("/usr/bin/bwrap"), launcher: named("bulkhead-launcher") };
}

describe.each(crowd.people)("as $name", (person) => {
  test("twenty files, sockets and terminals that the app holds open are nowhere inside, nor in what starts it", async () => {
    const place = ownDirectory(person);
    const listener = await openSink({ port: 0, host: "127.0.0.1" });
    const leaks = [...Array.from({ length: 8 }, (_, at) => `exec ${10 + at}<${["/", "/etc/passwd", "/proc", place][at % 4]}`), ...Array.from({ length: 6 }, (_, at) => `exec ${20 + at}<>/dev/ptmx`), ...Array.from({ length: 6 }, (_, at) => `exec ${30 + at}<>/dev/tcp/127.0.0.1/${listener.port}`)];
    const before = ["/bin/bash", "-c", `${leaks.join("; ")}; exec "$@"`, "sh"];
    const mark = `6${process.pid}.1${person.uid}`;
    const ran = inside(person, `exec 2>/dev/null; for p in /proc/[0-9]*; do ls $p/fd | tr '\\n' ' '; done; echo; ls -l /proc/self/fd | awk '{print $9}' | xargs; for fd in /proc/*/fd/*; do (cd $fd/.. && ls home/../etc/hostname); done; sleep ${mark} 3<&- & sleep 2; kill %1`, { before });
    await until(() => marked(mark).length > 0);
    const { init, bubblewrap, launcher } = chainOf(mark);
    // Process 1 shows its descriptors to root only, also outside: whoever else runs this sees that it is closed, and looks at the two that made it.
    if (!asRoot) expect(() => readdirSync(`/proc/${init}/fd`)).toThrow(/EACCES/);
    const held = [...(asRoot ? [init] : []), bubblewrap, launcher].flatMap((pid) => readdirSync(`/proc/${pid}/fd`).map((fd) => { try { return readlinkSync(`/proc/${pid}/fd/${fd}`); } catch { return ""; } }));
    const { stdout } = await ran;
    expect(held.filter((target) => target === "/" || target.includes("ptmx") || target.includes("/etc/passwd") || target === place || target === "/proc")).toEqual([]);
    expect(held.length).toBeGreaterThan(asRoot ? 8 : 5);
    expect(stdout.split("\n")[1]?.trim()).toBe("0 1 2 3");
    expect(stdout).not.toMatch(/\b(1[0-7]|2[0-5]|3[0-5])\b|hostname/);
    const control = await outside(person, ["/bin/ls", "/proc/self/fd"], { before });
    expect(control.stdout.trim().split("\n").filter((fd) => Number(fd) >= 10 && Number(fd) < 36)).toHaveLength(20);
    await listener.close();
    tally.add(20 * 2, 20);
  }, 30_000);
});

const fakes = ["bwrap", "git", "node", "rg", "socat", "sh", "bash", "env", "python3", "stty", "tar", "xdg-open", "systemd-run", "systemctl", "chromium", "google-chrome", "sandbox-exec", "setpriv", "unshare", "nsenter", "mount", "umount", "newuidmap", "bulkhead-launcher", "bulkhead", "dbus-run-session", "gnome-keyring-daemon", "secret-tool", "cc", "ps", "kill", "ls", "uname", "getent", "apparmor_parser", "id", "which"];

test("programs of the working folder and of a hostile PATH are started by no feature of the host", async () => {
  const home = makeHome();
  const folder = join(home.path, "work");
  const places = [folder, join(folder, "bin"), join(folder, "node_modules/.bin")];
  for (const place of places) {
    mkdirSync(place, { recursive: true });
    for (const name of fakes) {
      writeFileSync(join(place, name), `#!/bin/dash\n/usr/bin/touch ${home.path}/ran-${name}\nexit 0\n`);
      chmodSync(join(place, name), 0o755);
    }
  }
  const hostile = { cwd: folder, env: { PATH: `.:${places.join(":")}:/usr/bin:/bin`, SHELL: join(folder, "sh"), BROWSER: join(folder, "xdg-open"), GIT_EXEC_PATH: folder, BASH_ENV: join(folder, "env"), ENV: join(folder, "env") } };
  const ran = (): string[] => readdirSync(home.path).filter((name) => name.startsWith("ran-"));
  const task = await bulkhead(["run", "--json", "--folder", `${folder}:edit`, "write a.txt: one\nrun: mkdir d && echo two > d/b.txt"], home, hostile);
  const id = (JSON.parse(task.out.trim().split("\n").at(-1) ?? "{}") as { conversation?: string }).conversation ?? "";
  expect([task.code, id !== ""]).toEqual([0, true]);
  const words = [["doctor", "--json"], ["sandbox", "--", "/bin/echo", "hi"], ["sandbox", "--folder", `${folder}:edit`, "--", "/usr/bin/git", "--version"], ["changes", "list", id], ["changes", "diff", id], ["changes", "apply", id], ["activity", "--verify"], ["conversation", "list"], ["secret", "list"], ["sandbox", "--explain", "--", "true"]];
  const codes: (number | null)[] = [];
  for (const one of words) codes.push((await bulkhead(one, home, hostile)).code);
  expect(codes.slice(1, 4)).toEqual([0, 0, 0]);
  expect(readFileSync(join(folder, "a.txt"), "utf8").trim()).toBe("one");
  // With a terminal too: its modes are set by a program.
  const terminal = `import pty,os,sys\npid, fd = pty.fork()\nif pid == 0: os.chdir(${JSON.stringify(folder)}); os.execve(sys.argv[1], sys.argv[1:], dict(os.environ))\nwhile True:\n  try: b = os.read(fd, 999)\n  except OSError: break\n  if not b: break\nsys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
  expect(spawnSync("/usr/bin/python3", ["-c", terminal, process.execPath, bin, "sandbox", "--", "/bin/true"], { env: { ...home.env, ...hostile.env } }).status).toBe(0);
  const before = ran().map((name) => name.slice(4));
  expect(before).toEqual([]);
  spawnSync("/bin/dash", ["-c", fakes.join("; ")], { env: { PATH: hostile.env.PATH }, cwd: folder });
  // What a shell has built in is not looked up.
  expect(ran().length).toBeGreaterThan(fakes.length - 3);
  for (const name of fakes) tally.tried(`a fake ${name}`, !before.includes(name));
  tally.add(0, ran().length);
}, 120_000);

test("of the app's environment nothing is inside, nor in anything on the way there", async () => {
  const home = makeHome();
  const names = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "NPM_TOKEN", "NODE_AUTH_TOKEN", "PYPI_TOKEN", "TWINE_PASSWORD", "HF_TOKEN", "SLACK_BOT_TOKEN", "STRIPE_SECRET_KEY", "DATABASE_URL", "PGPASSWORD", "MYSQL_PWD", "REDIS_URL", "SSH_AUTH_SOCK", "SSH_ASKPASS", "GPG_TTY", "VAULT_TOKEN", "KUBECONFIG", "DOCKER_AUTH_CONFIG", "SENTRY_DSN", "JWT_SECRET", "SECRET_KEY_BASE", "MY_PASSWORD"];
  const env = Object.fromEntries(names.map((name) => [name, `canary-${name}`]));
  const mark = `6${process.pid}.22`;
  const { said } = begin(["sandbox", "--", "/usr/bin/env", "-S", `/bin/bash -c "env | sort; echo ONE; cat /proc/1/environ | wc -c; cat /proc/*/environ 2>/dev/null | tr '\\\\\\\\0' '\\\\\\\\n' | grep -c canary; sleep ${mark} & sleep 2; kill %1"`], home, { env });
  await until(() => marked(mark).length > 0);
  const chain = chainOf(mark);
  const onTheWay = Object.fromEntries(Object.entries(chain).filter(([name]) => name !== "command").map(([name, pid]) => [name, [bytesOf(`/proc/${pid}/environ`).replaceAll("\0", " ").trim(), bytesOf(`/proc/${pid}/cmdline`).split("\0").slice(0, 2)]]));
  const { out, code } = await said;
  expect(code).toBe(0);
  expect(onTheWay).toEqual({ init: [asRoot ? "PWD=/" : "", ["/run/bulkhead/init", "init"]], bubblewrap: ["", ["/usr/bin/bwrap", "--unshare-all"]], launcher: ["", [join(root, "dist/launcher/bulkhead-launcher"), "launch"]] });
  const proxy = "http://127.0.0.1:3128";
  expect(out.split("ONE\n")[0]?.trim().split("\n").filter((line) => !/^(_|SHLVL|OLDPWD)=/.test(line)).sort()).toEqual([
    "HOME=/home/agent", `HTTPS_PROXY=${proxy}`, `HTTP_PROXY=${proxy}`, "LANG=C.UTF-8", "LOGNAME=agent", "NO_PROXY=localhost,127.0.0.1,::1", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", "PWD=/home/agent", "SHELL=/bin/sh", "TERM=xterm-256color",
    "TMPDIR=/tmp", "USER=agent", `http_proxy=${proxy}`, `https_proxy=${proxy}`, "no_proxy=localhost,127.0.0.1,::1",
  ].sort());
  expect(out.split("ONE\n")[1]?.trim().split("\n").at(-1)).toBe("0");
  expect(spawnSync("/usr/bin/env", [], { env, encoding: "utf8" }).stdout.split("canary-").length - 1).toBe(names.length);
  for (const name of names) tally.tried(name, !out.includes(`canary-${name}`) && !JSON.stringify(onTheWay).includes(name));
  tally.add(0, names.length);
}, 40_000);

const killed = (["launcher", "bubblewrap", "init", "command", "host"] as const).flatMap((who) => (["SIGTERM", "SIGKILL"] as const).map((signal) => ({ who, signal })));
test.each(killed)("$signal to the $who ends the command and all below it, and is no success", async ({ who, signal }) => {
  const home = makeHome();
  const mark = `6${process.pid}.3${killed.findIndex((one) => one.who === who && one.signal === signal)}`;
  const script = `setsid sleep ${mark} & (trap '' HUP INT; sleep ${mark}) & sleep ${mark} & (setsid sh -c 'sleep ${mark} & sleep ${mark}' &); exec 3>&1; sleep ${mark}; exit 0`;
  const { child, said } = begin(["sandbox", "--", "/bin/bash", "-c", script], home);
  expect(await until(() => marked(mark).length >= 6)).toBe(true);
  const victim = who === "host" ? child.pid ?? 0 : chainOf(mark)[who];
  expect(victim).toBeGreaterThan(1);
  const ignores = who === "init" && signal === "SIGTERM";
  process.kill(victim, signal);
  if (ignores) {
    // Process 1 takes no orders but the launcher's: the command goes on, and ends with the launcher.
    await new Promise((done) => setTimeout(done, 300));
    expect(marked(mark).length).toBeGreaterThanOrEqual(6);
    process.kill(chainOf(mark).launcher, "SIGKILL");
  }
  const { code } = await said;
  expect(await until(() => marked(mark).length === 0, 5000)).toBe(true);
  expect(code).not.toBe(0);
  tally.add(6, 1);
}, 40_000);

/** Every entry below, with its mode. */
function entries(path: string): { path: string; mode: number; directory: boolean }[] {
  return readdirSync(path).flatMap((name) => {
    const at = join(path, name);
    const found = lstatSync(at);
    return [{ path: at, mode: found.mode & 0o777, directory: found.isDirectory() }, ...(found.isDirectory() ? entries(at) : [])];
  });
}

test("what a session makes in temporary places is private and unguessable, and gone at the end", async () => {
  const tops: string[] = [];
  for (const runtime of [false, true, false]) {
    const home = makeHome();
    for (const way of [base, home.path, join(home.path, "tmp")]) chmodSync(way, 0o755);
    const folder = join(home.path, "work");
    mkdirSync(folder);
    const more = runtime ? { env: { XDG_RUNTIME_DIR: join(home.path, "tmp") } } : {};
    const mark = `6${process.pid}.4${tops.length}`;
    for (const words of [["sandbox", "--folder", `${folder}:edit`, "--", "/bin/bash", "-c", `sleep ${mark} & sleep 1.5; kill %1`], ["run", "--folder", `${folder}:edit`, `run: sleep ${mark} & sleep 1.5; kill %1`]]) {
      const { said } = begin(words, home, more);
      expect(await until(() => marked(mark).length > 0)).toBe(true);
      const made = entries(join(home.path, "tmp"));
      tops.push(basename(made.find((entry) => entry.path.endsWith("/e"))?.path.replace(/\/e$/, "") ?? ""));
      expect(made.length).toBeGreaterThan(2);
      expect(made.filter(({ mode, directory }) => (directory ? mode !== 0o700 : mode !== 0o600))).toEqual([]);
      if (asRoot) {
        const other = spawnSync("/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/find", join(home.path, "tmp"), "-mindepth", "2"], { encoding: "utf8" });
        expect(other.stdout).toBe("");
      }
      expect((await said).code).toBe(0);
      const kept = entries(join(home.path, "tmp")).filter(({ path }) => !(runtime && /\/bulkhead(\/root)?$/.test(path)));
      expect(kept.map(({ path }) => path)).toEqual([]);
    }
  }
  expect(tops.every((name) => /[A-Za-z0-9]{6}$/.test(name))).toBe(true);
  expect(new Set(tops).size).toBe(tops.length);
  tally.add(tops.length * 4, tops.length);
}, 90_000);

test("the command's escape sequences reach no clipboard of the caller's terminal; piped output stays byte for byte", async () => {
  const home = makeHome();
  const bad = "\\033]52;c;cm0gLXJm\\007\\033]0;x\\007\\033[21t\\033P$qm\\033\\\\\\005\\302\\23552;c;eA==\\007";
  const words = [process.execPath, bin, "sandbox", "--", "/bin/sh", "-c", `printf 'before${bad}\\033[1mafter\\033[0m'`];
  const terminal = "import pty,os,sys\npid, fd = pty.fork()\nif pid == 0: os.execve(sys.argv[1], sys.argv[1:], dict(os.environ))\nwhile True:\n  try: b = os.read(fd, 999)\n  except OSError: break\n  if not b: break\n  sys.stdout.buffer.write(b)";
  const shown = spawnSync("/usr/bin/python3", ["-c", terminal, ...words], { env: home.env, encoding: "latin1" }).stdout;
  expect(shown).toContain("before\x1b]0;x\x07\x1b[1mafter\x1b[0m");
  expect(shown).not.toMatch(/52;c|\x1b\[21t|\x1bP|\x05/);
  const piped = await bulkhead(words.slice(2), home);
  expect(Buffer.from(piped.out)).toEqual(Buffer.from("before\x1b]52;c;cm0gLXJm\x07\x1b]0;x\x07\x1b[21t\x1bP$qm\x1b\\\x05\u009d52;c;eA==\x07\x1b[1mafter\x1b[0m"));
  tally.add(5, 5);
}, 30_000);

/** A mount namespace of its own, in which `mounts` changed what is found. Two of them for those who are not root. */
const altered = (mounts: string): string[] => ["/usr/bin/unshare", ...(asRoot ? ["-m"] : ["-Urm"]), "/bin/sh", "-c", `${mounts} || exit 99; exec "$@"`, "sh"];

describe("where nothing can be confined nothing runs", () => {
  const without = (home: Home): string => {
    // A whiteout over the real directory: the path is missing as on a machine that never had it.
    for (const part of ["up", "wk"]) mkdirSync(join(home.path, part));
    return `mknod ${quoted(join(home.path, "up/bwrap"))} c 0 0 && mount -t overlay none -o lowerdir=/usr/bin,upperdir=${quoted(join(home.path, "up"))},workdir=${quoted(join(home.path, "wk"))}${asRoot ? "" : ",userxattr"} /usr/bin && ! test -e /usr/bin/bwrap`;
  };
  const spoil = (home: Home, file: string, bytes: string | undefined): string => {
    const copy = join(home.path, "program");
    mkdirSync(copy);
    cpSync(join(root, "dist"), join(copy, "dist"), { recursive: true });
    for (const name of ["build", "package.json"]) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    if (bytes === undefined) removeTree(join(copy, "dist", file));
    else writeFileSync(join(copy, "dist", file), bytes);
    return join(copy, "build/bulkhead.mjs");
  };
  const ways: { name: string; told: RegExp; set(home: Home): { before?: string[]; program?: string } }[] = [
    { name: "bubblewrap missing", told: /\/usr\/bin\/bwrap is missing/, set: (home) => ({ before: altered(without(home)) }) },
    { name: "bubblewrap that exits with 1", told: /./, set: () => ({ before: altered("mount --bind /bin/false /usr/bin/bwrap") }) },
    { name: "bubblewrap that does nothing and exits with 0", told: /./, set: () => ({ before: altered("mount --bind /bin/true /usr/bin/bwrap") }) },
    { name: "bubblewrap replaced by a shell script that runs the rest", told: /./, set: (home) => {
      writeFileSync(join(home.path, "bwrap"), '#!/bin/sh\nwhile [ "$1" != -- ] && [ $# -gt 0 ]; do shift; done; shift; exec "$@"\n', { mode: 0o755 });
      return { before: altered(`mount --bind ${quoted(join(home.path, "bwrap"))} /usr/bin/bwrap`) };
    } },
    { name: "user namespaces off", told: /./, set: () => ({ before: ["/usr/bin/unshare", "-Ur", "/bin/sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces || exit 99; exec "$@"', "sh"] }) },
    { name: "a filter of no length", told: /not the file that was built/, set: (home) => ({ program: spoil(home, `seccomp/${process.arch}.bpf`, "") }) },
    { name: "a filter that is missing", told: /could not be verified/, set: (home) => ({ program: spoil(home, `seccomp/${process.arch}.bpf`, undefined) }) },
    { name: "missing hashes", told: /could not be verified/, set: (home) => ({ program: spoil(home, "hashes.json", undefined) }) },
    { name: "a launcher that is another program", told: /not the file that was built/, set: (home) => ({ program: spoil(home, "launcher/bulkhead-launcher", '#!/bin/sh\nexec "$@"\n') }) },
  ];
  test.each(ways)("$name: the command never runs, 125, the reason is told and recorded", async ({ set, told }) => {
    const home = makeHome();
    const marker = join(home.path, "marker");
    const ran = await bulkhead(["sandbox", "--", "/bin/sh", "-c", `touch ${quoted(marker)}; echo RAN`], home, set(home));
    expect([ran.code, ran.out, existsSync(marker)], ran.err).toEqual([125, "", false]);
    expect(ran.err).toMatch(/^bulkhead: .{20,}/m);
    expect(ran.err).toMatch(told);
    const task = await bulkhead(["run", `run: touch ${quoted(marker)}`], home, set({ ...home, path: mkdtempSync(join(home.path, "again-")) }));
    expect([task.code, existsSync(marker)], task.err).toEqual([125, false]);
    const events = (await bulkhead(["activity", "--json"], home)).out.trim().split("\n").map((line) => JSON.parse(line) as { kind: string; reason?: string });
    expect(events.filter((event) => event.kind === "sandbox.refused").map((event) => event.reason)).toEqual(["no-containment", "no-containment"]);
    expect(events.filter((event) => event.kind === "sandbox.started")).toEqual([]);
    tally.add(2, 0);
  }, 40_000);

  test("control: in a namespace where nothing was changed, and from a whole copy, the command runs", async () => {
    const home = makeHome();
    const copied = await bulkhead(["sandbox", "--", "/bin/echo", "fine"], home, { program: spoil(home, "agent/spare", "") });
    expect([copied.code, copied.out], copied.err).toEqual([0, "fine\n"]);
    if (asRoot) expect(await bulkhead(["sandbox", "--", "/bin/echo", "fine"], home, { before: altered("true") })).toMatchObject({ code: 0, out: "fine\n" });
    expect(execFileSync("/bin/echo", ["fine"], { encoding: "utf8" })).toBe("fine\n");
    tally.add(0, 2);
  }, 40_000);
});
