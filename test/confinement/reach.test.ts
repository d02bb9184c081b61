/** IPC and NET-06 of the published failures: sockets, buses and networks of the host; the listeners outside are the judge. */
import { mkdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { give, inside, outside, people } from "./person.ts";
import { openSink, openUdpSink, type Sink } from "./sink.ts";
import { makeWorld, openTally, quoted } from "./world.ts";

const tally = openTally("sockets and network (IPC, NET-06)");
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});

const connect = `
import socket, sys
def stream(address):
    family = socket.AF_INET6 if isinstance(address, tuple) and ":" in address[0] else socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    s = socket.socket(family)
    s.settimeout(2)
    try:
        s.connect(address)
        print("REACHED", address, s.recv(9))
    except OSError:
        pass
`;
const python = (code: string): string => `python3 - <<'PYTHON'\n${connect}${code}\nprint("done")\nPYTHON`;
const asProgram = (code: string): string[] => ["/usr/bin/python3", "-c", `${connect}${code}\nprint("done")`];
const lan = Object.values(networkInterfaces()).flat().filter((one) => one?.family === "IPv4" && !one.internal).map((one) => one?.address ?? "");

describe.each(crowd.people)("as $name", (person) => {
  test("abstract sockets of the host are not reached, nor made for it", async () => {
    const names = [`bulkhead-canary-${process.pid}`, `/tmp/.X11-unix/X${process.pid}`, `/tmp/dbus-${process.pid}`];
    const sinks = await Promise.all(names.map((name) => openSink({ path: `\0${name}` })));
    const code = names.map((name) => `stream("\\0${name}")`).join("\n");
    expect((await inside(person, python(code))).stdout).toBe("done\n");
    expect(sinks.map((sink) => sink.hits())).toEqual([0, 0, 0]);
    const control = await outside(person, asProgram(code.replaceAll("\\0", "\\x00")));
    expect([control.stdout.split("REACHED").length - 1, ...sinks.map((sink) => sink.hits())]).toEqual([3, 1, 1, 1]);
    await Promise.all(sinks.map((sink) => sink.close()));
    tally.add(3, 3);
  });

  test("buses, agents and daemons of the host are not reached by their sockets", async () => {
    const world = makeWorld(person);
    const paths = ["bus", "docker.sock", "ssh-agent", "S.gpg-agent", "wayland-0", "podman.sock", "pipewire-0", "keyring"].map((name) => join(world.path, "run", name));
    mkdirSync(join(world.path, "run"));
    const sinks = await Promise.all(paths.map((path) => openSink({ path, readableAll: true, writableAll: true })));
    give(person, world.path);
    const code = paths.map((path) => `stream(${JSON.stringify(path)})`).join("\n");
    const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${paths[0]}`, DOCKER_HOST: `unix://${paths[1]}`, SSH_AUTH_SOCK: paths[2], DISPLAY: ":0", WAYLAND_DISPLAY: paths[4], XDG_RUNTIME_DIR: join(world.path, "run") };
    const known = ["/run/dbus/system_bus_socket", "/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", `/run/user/${person.uid}/bus`, `/run/user/${person.uid}/podman/podman.sock`, "/run/systemd/private", "/run/systemd/journal/socket", "/run/nscd/socket", "/tmp/.X11-unix/X0", "/dev/log"];
    const ran = await inside(person, `${python(code)}\nls -d ${known.join(" ")} 2>/dev/null; env | grep -E 'DBUS|DOCKER|SSH_|DISPLAY|XDG_'; for p in ${paths.map(quoted).join(" ")}; do curl -s --max-time 2 --unix-socket $p http://x/ ; done; true`, { env, spec: { folders: world.grants } });
    expect(ran.stdout).toBe("done\n");
    expect(sinks.map((sink) => sink.hits())).toEqual(paths.map(() => 0));
    const control = await outside(person, asProgram(code));
    expect(control.stdout.split("REACHED").length - 1).toBe(paths.length);
    await Promise.all(sinks.map((sink) => sink.close()));
    world.remove();
    tally.add(paths.length * 2 + known.length + 6, paths.length);
  });

  test("variables that steer programs do not get in", async () => {
    const names = ["NODE_OPTIONS", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PYTHONPATH", "GIT_CONFIG_GLOBAL", "GIT_SSH_COMMAND", "ELECTRON_RUN_AS_NODE", "LD_LIBRARY_PATH", "ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "DYLD_INSERT_LIBRARIES"];
    const env = Object.fromEntries(names.filter((name) => name !== "NODE_OPTIONS").map((name) => [name, "/nonexistent-canary"]));
    const ran = await inside(person, "env; cat /proc/[0-9]*/environ", { env });
    expect(names.filter((name) => new RegExp(`^${name}=`, "m").test(ran.stdout) || ran.stdout.includes(`\0${name}=`))).toEqual([]);
    expect([ran.stdout.includes("canary"), ran.stdout.includes("HOME=/home/agent")]).toEqual([false, true]);
    tally.add(names.length, 1);
  });

  test("shared memory, semaphores and queues of the host are other ones", async () => {
    const made = await outside(person, ["/usr/bin/ipcmk", "-M", "4096", "-S", "1", "-Q"]);
    const ids = made.stdout.match(/\d+/g) ?? [];
    expect(ids).toHaveLength(3);
    const ran = await inside(person, "ipcs -m | grep -c '^0x'; ipcs -s | grep -c '^0x'; ipcs -q | grep -c '^0x'; ipcmk -M 64 >/dev/null; ipcs -m | grep -c '^0x'");
    await outside(person, ["/usr/bin/ipcrm", "-m", ids[0] ?? "", "-s", ids[1] ?? "", "-q", ids[2] ?? ""]);
    expect(ran.stdout).toBe("0\n0\n0\n1\n");
    tally.add(3, 1);
  });

  test("the host's loopback, its other addresses, and any address beyond are out of reach", async () => {
    const sinks: Sink[] = [await openSink({ port: 0, host: "0.0.0.0" }), await openSink({ port: 0, host: "127.0.0.2" }), await openSink({ port: 0, host: "::1" })];
    const udp = await openUdpSink();
    const [any, second, six] = sinks.map((sink) => sink.port);
    const hosts = ["127.0.0.1", "0.0.0.0", "127.0.0.5", ...lan];
    const code = `${hosts.map((host) => `stream(("${host}", ${any}))`).join("\n")}\nstream(("127.0.0.2", ${second}))\nstream(("::1", ${six}))`;
    const url = (host: string): string => `http://${host}:${any}/`;
    const tries = [
      ...hosts.flatMap((host) => [`curl -s --noproxy '*' --max-time 2 ${url(host)}`, `/tmp/c -s --noproxy '*' --max-time 2 ${url(host)}`, `(timeout 2 bash -c 'exec 3<>/dev/tcp/${host}/${any} && cat <&3')`, `env -i /usr/bin/curl -s --max-time 2 ${url(host)}`]),
      ...["1.1.1.1", "169.254.169.254", "192.168.0.1", "10.0.0.1"].map((host) => `curl -s --noproxy '*' --max-time 2 http://${host}/ && echo REACHED`),
      `$(ls /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.* 2>/dev/null | head -1) /tmp/c -s --noproxy '*' --max-time 2 ${url("127.0.0.1")}`, "curl -s --max-time 2 -6 'http://[2606:4700:4700::1111]/' && echo REACHED", "getent hosts example.com", "getent ahosts canary.evil.test",
    ];
    const raw = `
for kind, host in ((socket.SOCK_DGRAM, "127.0.0.1"), ${lan.map((host) => `(socket.SOCK_DGRAM, "${host}"), `).join("")}(socket.SOCK_DGRAM, "255.255.255.255"), (socket.SOCK_DGRAM, "224.0.0.251"), (socket.SOCK_DGRAM, "8.8.8.8")):
    s = socket.socket(socket.AF_INET, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    try:
        s.sendto(b"canary", (host, ${udp.port}))
    except OSError:
        pass
for protocol in (1, 6, 17, 132, 255):
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
        print("REACHED raw", protocol)
    except OSError:
        pass`;
    const ran = await inside(person, `cp /usr/bin/curl /tmp/c\n${tries.join("\n")}\nls /sys/class/net 2>/dev/null; cut -d: -f1 /proc/net/dev | tail -n +3 | xargs; ${python(`${code}${raw}`)}`);
    expect(ran.stdout).toBe("lo\ndone\n");
    expect([...sinks, udp].map((sink) => sink.hits())).toEqual([0, 0, 0, 0]);
    const control = await outside(person, asProgram(`${code}${raw.split("\nfor protocol")[0]}`));
    expect(control.stdout.split("REACHED").length - 1).toBe(hosts.length + 2);
    await new Promise((done) => setTimeout(done, 50));
    expect(udp.hits()).toBeGreaterThan(0);
    await Promise.all([...sinks, udp].map((sink) => sink.close()));
    tally.add(tries.length + hosts.length + 2 + 5 + 4 + lan.length, hosts.length + 3);
  });

  test("with a broker the only way out is the broker's socket, and no other socket of its directory is there", async () => {
    const world = makeWorld(person);
    const [broker, other] = await Promise.all(["broker", "other"].map((name) => openSink({ path: join(world.path, name), readableAll: true, writableAll: true })));
    const direct = await openSink({ port: 0, host: "127.0.0.1" });
    give(person, world.path);
    const ran = await inside(person, `curl -s --max-time 3 --http0.9 http://anything.test/; curl -s --noproxy '*' --max-time 2 http://127.0.0.1:${direct.port}/; ls /run/bulkhead; ls ${quoted(join(world.path, "other"))} 2>/dev/null; true`, { spec: { egressSocket: join(world.path, "broker") } });
    expect(ran.stdout).toBe("PWNED\negress.sock\ninit\n");
    expect([broker?.hits(), other?.hits(), direct.hits()]).toEqual([1, 0, 0]);
    for (const sink of [broker, other, direct]) await sink?.close();
    world.remove();
    tally.add(2, 1);
  });
});
