/** The real Secret Service: a gnome-keyring of its own on a message bus of its own. A missing package fails here. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../temporary.ts";

const vault = new URL("../../main/vault/vault.ts", import.meta.url).pathname;
const keyring = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null; sleep 1;";

/** Runs `source` on Node beside the keyring; each call is a process of its own over the same keychain files. */
function inSession(home: string, start: string, source: string): string {
  const script = `import { openVault } from ${JSON.stringify(vault)}; const v = openVault({ hide: () => () => undefined });\n${source}`;
  const ran = spawnSync("/usr/bin/dbus-run-session", ["--", "bash", "-c", `${start} exec "$0" --input-type=module-typescript -e "$1"`, process.execPath, script], {
    env: { PATH: "/usr/bin:/bin", HOME: home, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: home }, encoding: "utf8", timeout: 30_000,
  });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return ran.stdout.trim();
}

test("a secret set by one process is lent to the next, listed by name, and gone when removed", () => {
  const home = temporaryDirectory();
  expect(inSession(home, keyring, `console.log(v.state(), JSON.stringify(v.set("api", "s3cret-发票")))`)).toBe('ready {"ok":true}');
  expect(inSession(home, keyring, `console.log(v.list().join(), JSON.stringify(v.lend("api", (x) => x.length)))`)).toBe('api {"ok":true,"value":9}');
  expect(inSession(home, keyring, `v.remove("api"); console.log(v.list().length, v.lend("api", (x) => x).ok)`)).toBe("0 false");
});

test("without a keychain it says absent and keeps values for this run only", () => {
  const home = temporaryDirectory();
  const ran = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", `import { openVault } from ${JSON.stringify(vault)}; const v = openVault({ hide: () => () => undefined }); v.set("api", "x1234"); console.log(v.state(), v.list().join(), v.lend("api", (x) => x).ok)`], {
    env: { PATH: "/usr/bin:/bin", HOME: home, DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent" }, encoding: "utf8",
  });
  expect(ran.stdout.trim()).toBe("absent api true");
});

test("a locked keychain stores and lends nothing, says so, and still holds what it held", () => {
  const home = temporaryDirectory();
  inSession(home, keyring, `v.set("api", "CANARY-VALUE")`);
  const lock = "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null;";
  const said = inSession(home, keyring + lock, `const s = v.state(); const set = v.set("other", "x"); const lent = v.lend("api", () => 1); console.log(s, v.list().length, set.ok, lent.ok, lent.problem.code)`);
  expect(said).toBe("locked 0 false false no-keychain");
  expect(inSession(home, keyring, `console.log(v.list().join(), v.lend("api", (x) => x === "CANARY-VALUE").value)`)).toBe("api true");
});

test("each value stored or lent is hidden before anyone sees it, and an odd name is refused", () => {
  const home = temporaryDirectory();
  const source = `const h = []; const w = openVault({ hide: (x) => { h.push(x); return () => undefined; } });
    w.set("a", "one-value"); w.lend("a", () => h.push("lent")); console.log(h.join(), w.set("A B", "x").ok, w.remove("none").problem.code)`;
  expect(inSession(home, keyring, source)).toBe("one-value,one-value,lent false not-found");
});

test("a message bus without any keyring to write to counts as absent", () => {
  const home = temporaryDirectory();
  expect(inSession(home, "", `console.log(v.state(), v.set("a", "x1234").ok, v.lend("a", (x) => x).value)`).split("\n").at(-1)).toBe("absent true x1234");
});
