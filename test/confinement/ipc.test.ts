/** IPC, SYM-05, CRD-03: our own sockets, the host's daemons where they usually are, shared memory and queues, the real keychain. The listeners outside are the judge. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { newToken } from "../../main/base/guardedSocket.ts";
import { startEgress } from "../../main/egress/egress.ts";
import { startGateway } from "../../main/gateway/gateway.ts";
import type { EventDraft } from "../../protocol/event.ts";
import { failed } from "../../protocol/problem.ts";
import type { Job, Result } from "./job.ts";
import { hostsOwn, withoutFences } from "./fences.ts";
import { give, inside, outside, ownDirectory, people, type Person } from "./person.ts";
import { openSink, type Sink } from "./sink.ts";
import { openTally, quoted } from "./world.ts";

const tally = openTally("our sockets, daemons, shared memory, keychain (IPC, SYM-05, CRD-03)");
for (const tool of ["/usr/bin/busctl", "/usr/bin/gdbus", "/usr/bin/dbus-send", "/usr/bin/dbus-run-session", "/usr/bin/gnome-keyring-daemon", "/usr/bin/systemd-run"]) {
  if (!existsSync(tool)) throw new Error(`${tool} is missing: without it these tests would say nothing`);
}
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});
const root = resolve(import.meta.dirname, "../..");
const asRoot = process.getuid?.() === 0;
const python = (code: string): string => `python3 - <<'PYTHON'\n${code}\nPYTHON`;
const lines = (text: string): string[] => text.trim().split("\n");

interface Brokers { place: string; token: string; events: EventDraft[]; refused(): [number, number]; close(): Promise<void> }

/** The real broker and the real gateway, their sockets given to the person as if the person's own app had made them. */
async function brokers(person: Person): Promise<Brokers> {
  const place = ownDirectory(person);
  const token = newToken();
  const events: EventDraft[] = [];
  const shared = {
    conversation: "aaaaaaaaaaaa", turn: () => undefined, lend: () => failed("no-key", "none"),
    record: (draft: EventDraft): never => { events.push(draft); return draft as never; },
  };
  const egress = await startEgress({ ...shared, at: { socketPath: join(place, "e"), token }, rules: () => [], secrets: [] });
  const gateway = await startGateway({ ...shared, socketPath: join(place, "g"), token, model: () => "practice", anthropicBaseUrl: () => "http://127.0.0.1:1" });
  for (const name of ["e", "g"]) chownSync(join(place, name), person.uid, person.gid);
  return {
    place, token, events, refused: () => [egress.refused(), gateway.refused()],
    close: async () => { await egress.close(); await gateway.close(); },
  };
}

/** Host processes with `mark` among their arguments. */
const alive = (mark: string): number => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(mark);
  } catch {
    return false;
  }
}).length;

async function seen(mark: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end && alive(mark) === 0; ) await new Promise((done) => setTimeout(done, 20));
  if (alive(mark) === 0) throw new Error(`${mark} was never seen`);
}

describe.each(crowd.people)("as $name", (person) => {
  test("a process inside that opens our socket files itself is refused without the token; the relay is served, and its token is readable nowhere inside", async () => {
    const { place, token, events, refused, close } = await brokers(person);
    const direct = `
import socket, array, os
def say(path, *parts):
    s = socket.socket(socket.AF_UNIX); s.settimeout(5)
    s.connect(path)
    try:
        for part in parts: s.sendall(part)
        s.shutdown(socket.SHUT_WR)
    except OSError: pass
    back, ancillary = b"", 0
    try:
        while True:
            data, extra, *_ = s.recvmsg(4096, socket.CMSG_SPACE(64))
            ancillary += len(extra)
            if not data: break
            back += data
    except OSError: pass
    print("ANSWERED" if back or ancillary else "refused", path)
get = b"GET http://ok.test/ HTTP/1.1\\r\\nHost: ok.test\\r\\n\\r\\n"
model = b"GET /v1/models HTTP/1.1\\r\\nHost: 127.0.0.1:3129\\r\\n\\r\\n"
for path in ("egress", "gateway"):
    path = f"/run/bulkhead/{path}.sock"
    for parts in ((get,), (model,), (b"POST /v1/messages HTTP/1.1\\r\\n",), (b"0" * 64, get), (b"0" * 64, model), (b"\\0" * 64,), (os.urandom(64).hex()[:64].encode(), get), (b"\\x05\\x01\\x00",), (b"",), (b"CONNECT ok.test:443 HTTP/1.1\\r\\nHost: ok.test:443\\r\\n\\r\\n",)):
        say(path, *parts)
    # A descriptor sent to the host goes nowhere.
    s = socket.socket(socket.AF_UNIX); s.connect(path)
    try: s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
    except OSError: pass`;
    const hunt = "{ env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/[0-9]*/maps /proc/[0-9]*/fdinfo/* /proc/net/unix; cat /proc/1/mem /proc/1/fd/* /proc/1/fdinfo/* /proc/1/map_files/* /proc/1/stack; timeout 3 cat /run/bulkhead/init; find / -xdev -type f -newer /proc/1 -size -64k -exec cat {} +; } 2>/dev/null | tr '\\0' '\\n' | grep -aoE '[0-9a-f]{64}' | sort -u";
    const ran = await inside(person, `${python(direct)}\necho RELAYED; curl -s http://ok.test/; echo; curl -s http://127.0.0.1:3129/v1/models; echo; echo HUNT; ${hunt}; echo ls; ls /proc/1/fd /proc/1/mem 2>&1 | wc -l; cat /proc/1/mem 2>&1 | head -1`, { spec: { egressSocket: join(place, "e"), gatewaySocket: join(place, "g"), socketToken: token } });
    const said = lines(ran.stdout);
    expect(said.filter((line) => line.startsWith("ANSWERED"))).toEqual([]);
    expect(said.filter((line) => line.startsWith("refused"))).toHaveLength(20);
    expect(ran.stdout).toMatch(/RELAYED\nno-rule: ok\.test[^\n]*\n+\{"data":\[\{"type":"model","id":"practice"[^\n]*\n+HUNT\n/);
    // Process 1's own files are refused, each of them.
    expect(ran.stdout).toMatch(/cat: \/proc\/1\/mem: Permission denied\n$/);
    expect(ran.stdout.includes(token) || ran.stdout.includes(token.slice(0, 32))).toBe(false);
    // Only what the relay carried was ever decided.
    expect([events.map((event) => [event.kind, event.outcome]), refused()]).toEqual([[["network.requested", "refused"]], [11, 11]]);
    await close();
    tally.add(22 + 10, 2);
    tally.addBenign(2);
  });

  test("another user, and this user without the token, are refused on the host too", async () => {
    const { place, refused, close } = await brokers(person);
    const ask = (who: string[], name: string, url: string): Promise<{ stdout: string; code: number | null }> => outside({ ...person, as: who }, ["/usr/bin/curl", "-s", "--max-time", "5", "--noproxy", "*", "--unix-socket", join(place, name), url]);
    const own = await Promise.all([ask(person.as, "e", "http://ok.test/"), ask(person.as, "g", "http://127.0.0.1:3129/v1/models")]);
    expect([own.map((one) => one.stdout), refused()]).toEqual([["", ""], [1, 1]]);
    if (asRoot) {
      const nobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
      const theirs = await Promise.all([ask(nobody, "e", "http://ok.test/"), ask(nobody, "g", "http://127.0.0.1:3129/v1/models")]);
      expect([theirs.map((one) => [one.stdout, one.code]), refused()]).toEqual([[["", 7], ["", 7]], [1, 1]]);
    }
    await close();
    tally.add(asRoot ? 4 : 2, 0);
  });

  test("a socket whose name is swapped for a link while the sandbox runs still leads to the one that was given", async () => {
    const place = ownDirectory(person);
    const evil = await openSink({ path: join(place, "evil"), readableAll: true, writableAll: true });
    let good = 0;
    const server = createServer((socket) => {
      socket.on("error", () => undefined).resume();
      if (good++ === 0) {
        renameSync(join(place, "given"), join(place, "old"));
        symlinkSync(join(place, "evil"), join(place, "given"));
      }
      socket.end("HTTP/1.0 200 OK\r\n\r\nGOOD\n");
    });
    await new Promise<void>((done) => void server.listen({ path: join(place, "given"), readableAll: true, writableAll: true }, done));
    give(person, place);
    const ran = await inside(person, "for n in 1 2 3; do curl -s --max-time 5 http://x.test/; done; rm -f /run/bulkhead/egress.sock 2>/dev/null; ln -sf /tmp/x /run/bulkhead/egress.sock 2>/dev/null; curl -s --max-time 5 http://x.test/", { spec: { egressSocket: join(place, "given") } });
    expect([ran.stdout, good, evil.hits()]).toEqual(["GOOD\n".repeat(4), 4, 0]);
    const control = await outside(person, ["/usr/bin/python3", "-c", "import socket,sys\ns=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(9))", join(place, "given")]);
    expect([control.stdout.includes("PWNED"), evil.hits()]).toEqual([true, 1]);
    await Promise.all([evil.close(), new Promise((done) => server.close(done))]);
    tally.add(2, 1);
  });

  test("a descriptor that a broker attaches does not come through the relay", async () => {
    const place = ownDirectory(person);
    const code = `
import socket, sys, array, os
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1] + ".new"); os.chmod(sys.argv[1] + ".new", 0o777); s.listen(); os.rename(sys.argv[1] + ".new", sys.argv[1])
for n in range(2):
    c, _ = s.accept()
    c.sendmsg([b"HELLO"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [os.open("/", os.O_PATH)]))]); c.shutdown(socket.SHUT_WR)
    # Who closes with something unread resets the other side, and what was said may be lost.
    while c.recv(99): pass`;
    const broker = outside(person, ["/usr/bin/timeout", "60", "/usr/bin/python3", "-c", code, join(place, "s")]);
    while (!existsSync(join(place, "s"))) await new Promise((done) => setTimeout(done, 20));
    const receive = (open: string): string => `import socket\n${open}\ndata, extra, *_ = s.recvmsg(99, socket.CMSG_SPACE(64))\nprint(data.decode(), len(extra))`;
    const ran = await inside(person, python(receive("s = socket.create_connection(('127.0.0.1', 3128))")), { spec: { egressSocket: join(place, "s") } });
    const control = await outside(person, ["/usr/bin/python3", "-c", receive(`s = socket.socket(socket.AF_UNIX); s.connect("${join(place, "s")}")`)]);
    await broker;
    expect([ran.stdout, control.stdout]).toEqual(["HELLO 0\n", "HELLO 1\n"]);
    tally.add(1, 1);
  });

  test("decoys of the host's daemons at their usual places, and abstract ones, are not reached by name, by tool or through /proc", async () => {
    const made: string[] = [];
    const usual = [
      ...(asRoot ? ["/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/crio/crio.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/run/systemd/journal/socket", "/run/systemd/resolve/io.systemd.Resolve", "/run/acpid.socket", "/run/snapd.socket", "/run/libvirt/libvirt-sock", "/run/avahi-daemon/socket", "/run/cups/cups.sock", "/run/pcscd/pcscd.comm"] : []),
      ...(asRoot ? ["bus", "wayland-0", "gnupg/S.gpg-agent", "gnupg/S.gpg-agent.ssh", "podman/podman.sock", "docker.sock", "systemd/private", "systemd/notify", "keyring/control", "keyring/ssh", "pipewire-0", "pulse/native", "at-spi/bus", "openssh_agent"].map((name) => `/run/user/${person.uid}/${name}`) : []),
      "/tmp/.X11-unix/X0", "/tmp/.X11-unix/X77", "/tmp/.ICE-unix/77", "/tmp/ssh-bulkhead/agent.77", "/tmp/dbus-bulkhead", "/tmp/tmux-0/default77", "/var/tmp/bulkhead-decoy",
    ].filter((path) => !existsSync(path));
    const abstracts = ["/tmp/.X11-unix/X0", "appcanary", "/tmp/dbus-canary", "/tmp/.ICE-unix/1"];
    const sinks: Sink[] = [];
    try {
      for (const path of usual) {
        const fresh = ((at: string): string[] => { const up: string[] = []; for (let way = dirname(at); !existsSync(way); way = dirname(way)) up.push(way); return up; })(path);
        mkdirSync(dirname(path), { recursive: true });
        fresh.forEach((way) => chmodSync(way, 0o755));
        made.push(...fresh);
        sinks.push(await openSink({ path, readableAll: true, writableAll: true }));
      }
      for (const name of abstracts) sinks.push(await openSink({ path: `\0${name}` }));
      const spelt = usual.flatMap((path) => [path, path.replace(/^\/run\//, "/var/run/"), `/proc/self/root${path}`, `/proc/1/root${path}`, `/proc/self/cwd/../../../..${path}`]);
      const code = `
import socket, sys
for address in ${JSON.stringify([...new Set(spelt)])} + ["\\0" + name for name in ${JSON.stringify(abstracts)}]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        s = socket.socket(socket.AF_UNIX, kind); s.settimeout(2)
        try:
            s.connect(address)
            if kind == socket.SOCK_STREAM: print("REACHED", repr(address), s.recv(9))
        except OSError: pass`;
      const runtime = `/run/user/${person.uid}`;
      const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`, DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/run/dbus/system_bus_socket", DOCKER_HOST: "unix:///var/run/docker.sock", SSH_AUTH_SOCK: `${runtime}/openssh_agent`, DISPLAY: ":0", WAYLAND_DISPLAY: "wayland-0", XDG_RUNTIME_DIR: runtime, GNOME_KEYRING_CONTROL: `${runtime}/keyring`, NOTIFY_SOCKET: `${runtime}/systemd/notify` };
      const marker = join(ownDirectory(person), "pwned");
      // Also as an attacker who knows every address and sets the variables again.
      const set = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`).join(" ");
      const tools = [
        "busctl --user list", "busctl --system list", `busctl --address=unix:path=${runtime}/bus list`, `systemd-run --user --quiet touch ${marker}`, `systemd-run --quiet touch ${marker}`, "systemctl --user start x", "systemctl daemon-reload", "loginctl list-sessions",
        "dbus-send --session --print-reply --dest=org.freedesktop.secrets / org.freedesktop.DBus.Peer.Ping", "dbus-send --system --print-reply --dest=org.freedesktop.systemd1 / org.freedesktop.DBus.Peer.Ping",
        "gdbus call --session --timeout 2 --dest org.freedesktop.portal.Desktop --object-path /org/freedesktop/portal/desktop --method org.freedesktop.portal.OpenURI.OpenURI '' 'file:///' '{}'",
        `gdbus call --address unix:abstract=/tmp/dbus-canary --timeout 2 --dest org.freedesktop.systemd1 --object-path / --method org.freedesktop.DBus.Peer.Ping`,
        "curl -s --max-time 2 --unix-socket /var/run/docker.sock http://x/version", "curl -s --max-time 2 --unix-socket /run/containerd/containerd.sock http://x/", "curl -s --max-time 2 --abstract-unix-socket appcanary http://x/", "ssh-add -l", "logger canary",
      ];
      const script = `env | grep -E 'DBUS|DOCKER|SSH_|DISPLAY|XDG_|KEYRING|NOTIFY'\n${python(code)}\n${tools.map((tool) => `(export ${set}; timeout 5 ${tool}) >/dev/null 2>&1 </dev/null && echo ${quoted(`worked: ${tool}`)}`).join("\n")}\ntrue`;
      const ran = await inside(person, script, { env });
      // `logger` says nothing where there is no log: its socket is the judge.
      expect(lines(ran.stdout).filter((line) => line !== "" && !line.includes("worked: logger"))).toEqual([]);
      expect([sinks.map((sink, at) => `${[...usual, ...abstracts][at]} ${sink.hits()}`).filter((line) => !line.endsWith(" 0")), existsSync(marker)]).toEqual([[], false]);
      const untouched = sinks.map((sink) => sink.hits() === 0);
      // The same tries in the same box with the host's network, and with one of the places bound: they reach.
      const decoyPlace = usual.find((path) => path.startsWith("/tmp/.ICE-unix")) ?? "";
      const open = await withoutFences(person, python(code), { show: [decoyPlace], instead: [hostsOwn("net")] });
      expect([lines(open.stdout).filter((line) => line.startsWith("REACHED") && line.includes("x00")).length, open.stdout.includes(`REACHED '${decoyPlace}'`)]).toEqual([abstracts.length, true]);
      const control = await outside(person, ["/usr/bin/python3", "-c", code.replaceAll("/proc/1/root", "/proc/self/root")]);
      const reached = lines(control.stdout).filter((line) => line.startsWith("REACHED")).length;
      expect(reached).toBeGreaterThanOrEqual(usual.length + abstracts.length);
      expect(sinks.every((sink) => sink.hits() > 0)).toBe(true);
      [...usual, ...abstracts].forEach((name, at) => tally.tried(name, untouched[at] === true));
      tally.add((spelt.length - usual.length) * 3 + tools.length + Object.keys(env).length, usual.length + 2 * abstracts.length);
    } finally {
      await Promise.all(sinks.map((sink) => sink.close()));
      for (const path of usual) rmSync(path, { force: true });
      for (const way of [...new Set(made)].sort((a, b) => b.length - a.length)) if (existsSync(way)) rmdirSync(way);
    }
  }, 90_000);

  test("System V and POSIX memory, semaphores and queues are private, in both directions", async () => {
    const key = 0x42000000 + (process.pid % 0xffff) * 16 + (person.uid % 16);
    const code = `
import ctypes, sys, os
make = sys.argv[1] == "make"
libc = ctypes.CDLL(None, use_errno=True)
key, flag, name = ${key}, 0o1000 | 0o600 if make else 0, b"/bulkhead-${process.pid}-${person.uid}"
oflag = os.O_RDWR | (os.O_CREAT if make else 0)
libc.sem_open.restype = ctypes.c_void_p
class attr(ctypes.Structure): _fields_ = [(n, ctypes.c_long) for n in ("flags", "most", "size", "now", "a", "b", "c", "d")]
results = (("shmget", libc.shmget(key, 4096, flag)), ("semget", libc.semget(key, 1, flag)), ("msgget", libc.msgget(key, flag)),
  ("shm_open", libc.shm_open(name, oflag, 0o600)), ("sem_open", 0 if libc.sem_open(name, oflag & ~os.O_RDWR, 0o600, 1) else -1),
  ("mq_open", libc.mq_open(name, oflag, 0o600, ctypes.byref(attr(0, 4, 64)))))
print(" ".join(n for n, r in results if r >= 0) or "none", flush=True)
if sys.argv[1] == "remove":
    shm, sem, msg = (r for n, r in results[:3])
    libc.shmctl(shm, 0, None); libc.semctl(sem, 0, 0); libc.msgctl(msg, 0, None)
    libc.shm_unlink(name); libc.sem_unlink(name); libc.mq_unlink(name)`;
    const onHost = async (verb: string): Promise<string> => (await outside(person, ["/usr/bin/python3", "-c", code, verb])).stdout.trim();
    const within = (verb: string): string => `python3 - ${verb} <<'PYTHON'\n${code}\nPYTHON`;
    const all = "shmget semget msgget shm_open sem_open mq_open";
    expect([await onHost("make"), await onHost("find")]).toEqual([all, all]);
    const found = await inside(person, `${within("find")}\nls /dev/shm /dev/mqueue 2>/dev/null | grep bulkhead; tail -qn +2 /proc/sysvipc/* | wc -l`);
    expect(await onHost("remove")).toBe(all);
    expect([found.stdout, await onHost("find")]).toEqual(["none\n0\n", "none"]);
    await onHost("make"); // The control: in the same box with the host's IPC namespace the same search finds the System V ones.
    const open = await withoutFences(person, within("find"), { withoutFilter: true, instead: [hostsOwn("ipc")] });
    await onHost("remove");
    expect(open.stdout).toMatch(/^shmget semget msgget/);
    const mark = `7${process.pid}.4${person.uid}`;
    const made = inside(person, `${within("make")}\n${within("find")}\nsleep ${mark} & sleep 3; kill %1`);
    await seen(mark);
    expect(await onHost("find")).toBe("none");
    expect((await made).stdout).toBe(`${all}\n${all}\n`);
    all.split(" ").forEach((name) => tally.tried(name, !found.stdout.includes(name)));
    tally.add(6, 15);
    tally.addBenign(6);
  });

  test("the keychain of a real session holds a canary that is not read from inside, not even with the bus's address", async () => {
    const modules = join(person.program, "node_modules/@napi-rs");
    if (!existsSync(modules)) {
      cpSync(join(root, "node_modules/@napi-rs"), modules, { recursive: true, dereference: true });
      execFileSync("/bin/chmod", ["-R", "a+rX", modules]);
    }
    const [home, runDirectory] = [ownDirectory(person), ownDirectory(person)];
    const canary = `canary-${newToken().slice(0, 24)}`;
    const ask = "gdbus call --timeout 3 --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets --method org.freedesktop.Secret.Service.SearchItems '{}'";
    const script = [
      "env | grep -c DBUS; cat ~/.local/share/keyrings/* 2>/dev/null", `gdbus call --session ${ask.slice(11)} 2>&1 | head -1`, `timeout 5 ${ask.replace("call", "call --address '@@ADDRESS@@'")} >/tmp/out 2>&1 && cat /tmp/out`,
      "DBUS_SESSION_BUS_ADDRESS='@@ADDRESS@@' timeout 5 busctl --user tree org.freedesktop.secrets >/tmp/out 2>&1 && cat /tmp/out", "DBUS_SESSION_BUS_ADDRESS='@@ADDRESS@@' timeout 5 dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.DBus.Peer.Ping >/tmp/out 2>&1 && cat /tmp/out",
      `ls -A ${home} 2>/dev/null; grep -rs canary- /run /tmp /home /var/tmp 2>/dev/null; true`,
    ].join("\n");
    const job: Job = { dist: join(person.program, "dist"), runDirectory, spec: { command: ["/bin/bash", "-c", `echo STARTED\n${script}`] } };
    const keyring = `import { createRequire } from "node:module"; const { Entry } = createRequire("${join(person.program, "x.js")}")("@napi-rs/keyring"); const e = new Entry("bulkhead-canary", "canary"); process.argv[1] ? e.setPassword(process.argv[1]) : console.log("READ", e.getPassword());`;
    const session = `printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; sleep 1
"$0" --input-type=module -e ${quoted(keyring)} ${canary} && "$0" --input-type=module -e ${quoted(keyring)}
echo CONTROL; gdbus call --address "$DBUS_SESSION_BUS_ADDRESS" ${ask.slice(11)}
exec "$0" "$1" "\${2//@@ADDRESS@@/$DBUS_SESSION_BUS_ADDRESS}"`;
    const ran = await outside(person, ["/usr/bin/dbus-run-session", "--", "/bin/bash", "-c", session, person.node, join(person.program, "test/confinement/runner.ts"), JSON.stringify(job)], { env: { HOME: home, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: home } });
    expect(ran.stdout, ran.stderr).toContain(`READ ${canary}\nCONTROL\n([objectpath '/org/freedesktop/secrets/collection/`);
    const result = JSON.parse(lines(ran.stdout).at(-1) ?? "") as Result;
    if ("problem" in result) throw new Error(result.message);
    expect(result.stdout.split("\n").slice(0, 2)).toEqual(["STARTED", "0"]);
    expect(result.stdout).not.toMatch(/canary-|objectpath|READ|method return|collection/);
    expect(ran.stdout.split("STARTED")[1]).not.toContain(canary);
    tally.add(7, 2);
  }, 60_000);
});
