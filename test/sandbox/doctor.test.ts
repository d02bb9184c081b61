import { expect, test } from "vitest";
import { obstacle, olderThan, probeMachine, readMachine, type Machine } from "../../main/sandbox/doctor.ts";
import { done, failed } from "../../protocol/problem.ts";

const well: Machine = { platform: "linux", root: false, kernel: "6.18.0-1-amd64", bubblewrap: "0.8.0", exists: (path) => path === "/usr/bin/bwrap", read: () => undefined };
const setting = (path: string, value: string): Machine => ({ ...well, read: (asked) => (asked === path ? value : undefined) });
const refused = failed("no-containment", "the launcher said no");

test("a machine on which everything works says so, check by check", async () => {
  const checks = await probeMachine({ machine: well, tryLaunch: async () => done(1), tryStage: async () => done(1), keychain: () => "ready", browser: () => "/usr/bin/chromium" });
  expect(checks.map(({ name, ok, mend }) => [name, ok, mend])).toEqual([["containment", true, undefined], ["staging", true, undefined], ["secrets", true, undefined], ["window", true, undefined]]);
});

test("a machine on which nothing works names a cause and a mend for each; staging is not tried without containment", async () => {
  const checks = await probeMachine({ machine: { ...well, exists: () => false }, tryLaunch: async () => refused, tryStage: () => Promise.reject(new Error("tried")), keychain: () => "absent", browser: () => undefined });
  expect(checks.map(({ name, ok, mend }) => [name, ok, mend])).toEqual([
    ["containment", false, "sudo apt-get install -y bubblewrap"], ["secrets", false, "sudo apt-get install -y gnome-keyring"], ["window", false, "sudo apt-get install -y chromium"],
  ]);
});

test("each obstacle has its own words", () => {
  const found = [
    { ...well, bubblewrap: undefined }, { ...well, bubblewrap: "0.4.1" }, { ...well, kernel: "5.10.0-28-amd64" },
    setting("/proc/sys/user/max_user_namespaces", "0"), setting("/proc/sys/kernel/unprivileged_userns_clone", "0"), setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
    { ...well, exists: () => true }, { ...well, platform: "darwin" as const }, { ...well, platform: "win32" as const },
  ].map((machine) => obstacle(machine)?.why);
  expect(found.every((why) => why !== undefined)).toBe(true);
  expect(new Set(found).size).toBe(found.length);
  expect(obstacle(well)).toBeUndefined();
});

test("a setting that does not bind root is no obstacle to root", () => {
  expect(obstacle({ ...setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"), root: true })).toBeUndefined();
});

test("a refusal without a known obstacle is told in the launcher's own words, and staging that fails leaves reading", async () => {
  const [first] = await probeMachine({ machine: well, tryLaunch: async () => refused, tryStage: async () => done(1), keychain: () => "locked", browser: () => undefined });
  const [, second] = await probeMachine({ machine: well, tryLaunch: async () => done(1), tryStage: async () => refused, keychain: () => "locked", browser: () => undefined });
  expect([first?.why, second?.why, second?.ok]).toEqual(["the launcher said no", "Folders can be handed over for reading only: the launcher said no", false]);
});

test("versions compare by number, not by spelling", () => {
  expect([olderThan("0.8.0", [0, 8]), olderThan("0.11.0", [0, 8]), olderThan("0.4.1", [0, 8]), olderThan("6.1.0-18-amd64", [5, 12]), olderThan("5.4", [5, 12])]).toEqual([false, false, true, false, true]);
});

test("this machine is read without a throw", () => {
  const machine = readMachine();
  expect([machine.platform, machine.bubblewrap !== undefined]).toEqual([process.platform, machine.exists("/usr/bin/bwrap")]);
});
