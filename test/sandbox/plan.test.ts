import { expect, test } from "vitest";
import { planLaunch, planMessage, specFault, type HostFacts } from "../../main/sandbox/plan.ts";
import { specOf } from "./box.ts";

const host: HostFacts = {
  root: "/run/user/7/bulkhead/root",
  system: [{ path: "/usr" }, { path: "/bin", link: "usr/bin" }],
  etc: [{ path: "/etc/fonts", from: "/etc/fonts" }, { path: "/etc/localtime", link: "/usr/share/zoneinfo/UTC" }],
  trustStore: true, proc: ["/proc/sys", "/proc/kcore", "/proc/cpuinfo", "/proc/fs"], asRoot: true,
  node: "/opt/node", agent: "/opt/app/dist/agent",
  launcher: { path: "/opt/app/dist/launcher/bulkhead-launcher", device: "1", inode: "2" },
};

test("the whole argument list of bubblewrap is what this says", () => {
  expect(planLaunch(specOf({}), host).argv).toEqual([
    "/usr/bin/bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000", "--hostname", "bulkhead",
    "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL", "--bind", "/run/user/7/bulkhead/root", "/",
    "--proc", "/proc", "--ro-bind", "/dev/null", "/proc/kcore", "--ro-bind", "/run/user/7/bulkhead/root/proc", "/proc/fs", "--remount-ro", "/proc",
    "--dev", "/dev", "--size", "1073741824", "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
    "--remount-ro", "/", "--chdir", "/", "--seccomp", "5", "--", "/run/bulkhead/init", "init",
  ]);
});

test("folders are mounted from the outer to the inner, after the system and before our own files", () => {
  const plan = planLaunch(specOf({
    withAgent: true, egressSocket: "/s/e", gatewaySocket: "/s/g", linkSocket: "/s/l", trustBundle: "/s/pem",
    folders: [
      { path: "/home/p/a/deep", access: "edit", device: "3", inode: "4", upper: "/d/u", work: "/d/w" },
      { path: "/home/p/a", access: "read", device: "3", inode: "5" },
    ],
  }), host);
  expect(plan.mounts.filter(([step]) => step !== "file")).toEqual([
    ["namespaces", "2"], ["root", "/run/user/7/bulkhead/root"], ["read", "/usr", "/usr", "-", "-"], ["link", "usr/bin", "/bin"],
    ["read", "/etc/fonts", "/etc/fonts", "-", "-"], ["link", "/usr/share/zoneinfo/UTC", "/etc/localtime"],
    ["tmpfs", "/home/agent", "0700", "1073741824"], ["tmpfs", "/tmp", "1777", "1073741824"], ["link", "../tmp", "/var/tmp"], ["dir", "/proc"], ["dir", "/dev"],
    ["show", "/home/p/a", "/home/p/a", "3", "5"], ["edit", "/home/p/a/deep", "/home/p/a/deep", "3", "4", "/d/u", "/d/w"],
    ["read", "/opt/node", "/opt/bulkhead/node", "-", "-"], ["read", "/opt/app/dist/agent", "/opt/bulkhead/agent", "-", "-"],
    ["read", "/s/pem", "/etc/ssl/certs/ca-certificates.crt", "-", "-"],
    ["read", "/s/e", "/run/bulkhead/egress.sock", "-", "-"], ["read", "/s/g", "/run/bulkhead/gateway.sock", "-", "-"], ["read", "/s/l", "/run/bulkhead/link.sock", "-", "-"],
    ["read", "/opt/app/dist/launcher/bulkhead-launcher", "/run/bulkhead/init", "1", "2"],
  ]);
  expect(plan.mounts.filter(([step]) => step === "file").map(([, path]) => path)).toEqual(["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/etc/resolv.conf"]);
});

test("a folder under /var/tmp can be handed over: then it is no link", () => {
  const steps = planLaunch(specOf({ folders: [{ path: "/var/tmp/a", access: "read", device: "3", inode: "5" }] }), host).mounts;
  expect(steps.filter((step) => step.some((word) => word.startsWith("/var/tmp")))).toEqual([["tmpfs", "/var/tmp", "1777", "1073741824"], ["show", "/var/tmp/a", "/var/tmp/a", "3", "5"]]);
});

test("the environment inside is the closed list and what the spec names, nothing of ours", () => {
  const base = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", HOME: "/home/agent", USER: "agent", LOGNAME: "agent", SHELL: "/bin/sh", LANG: "C.UTF-8", TERM: "xterm-256color", TMPDIR: "/tmp", NO_PROXY: "localhost,127.0.0.1,::1", no_proxy: "localhost,127.0.0.1,::1" };
  expect(planLaunch(specOf({ environment: { A: "1" } }), host).environment).toEqual({ ...base, A: "1" });
  const proxy = "http://127.0.0.1:3128";
  const trust = "/etc/ssl/certs/ca-certificates.crt";
  expect(planLaunch(specOf({ egressSocket: "/s/e", trustBundle: "/s/pem" }), host).environment).toEqual({
    ...base, http_proxy: proxy, https_proxy: proxy, HTTP_PROXY: proxy, HTTPS_PROXY: proxy,
    SSL_CERT_FILE: trust, NODE_EXTRA_CA_CERTS: trust, CURL_CA_BUNDLE: trust, REQUESTS_CA_BUNDLE: trust, GIT_SSL_CAINFO: trust,
  });
});

test("a worker sees its own mounts and no socket", () => {
  const plan = planLaunch(specOf({}), host, [{ host: "/h", inside: "/w", write: true }]);
  expect(plan.mounts).toContainEqual(["write", "/h", "/w", "-", "-"]);
  expect(plan.init).not.toContain("listen");
});

test("a spec with a NUL byte, an odd variable name or an unresolved path is named before anything runs", () => {
  const inode = { device: "1", inode: "1" };
  expect([
    specFault(specOf({ command: ["a\0b"] })), specFault(specOf({ environment: { "A=B": "" } })),
    specFault(specOf({ folders: [{ path: "/a/../b", access: "read", ...inode }] })), specFault(specOf({ folders: [{ path: "/a", access: "edit", ...inode }] })), specFault(specOf({})),
  ]).toEqual([
    "A NUL byte cannot be part of a command, a variable or a path.", '"A=B" is no name for an environment variable.',
    "/a/../b is not an absolute, resolved path.", "/a is to be edited but has no staging layer.", undefined,
  ]);
});

test("the message carries the filter itself, so what was checked is what is loaded", () => {
  const filter = Buffer.from([1, 2, 0, 3, 9, 9]);
  const message = planMessage(planLaunch(specOf({}), host), filter);
  expect([message.readUInt32LE(0), message.includes(filter)]).toEqual([message.length - 4, true]);
});
