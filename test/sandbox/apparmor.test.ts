/** The AppArmor profiles: parsed by the machine's real parser where it can, and rule by rule: each with its reason, none for anybody but our launcher. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { root } from "./box.ts";

const parser = "/usr/sbin/apparmor_parser";
if (!existsSync(parser)) throw new Error(`${parser} is missing: without it these tests would say nothing`);

const read = (form: string): string => readFileSync(join(root, `native-profiles/apparmor/bulkhead-launcher.abi-${form}`), "utf8");
const place = mkdtempSync(join(tmpdir(), "bulkhead-apparmor-"));
afterAll(() => rmSync(place, { recursive: true }));

/** Compiled, not loaded: the kernel here may have no AppArmor at all. Warnings about that kernel are no errors of the profile. */
function parse(text: string): { code: number | null; said: string } {
  const path = join(place, "profile");
  writeFileSync(path, text);
  const ran = spawnSync(parser, ["--skip-kernel-load", "--skip-cache", "--abort-on-error", path], { encoding: "utf8", env: { PATH: "/usr/sbin:/usr/bin:/bin" } });
  return { code: ran.status, said: ran.stderr.split("\n").filter((line) => line !== "" && !line.startsWith("Cache read/write disabled")).join("\n") };
}

/** The one rule, and the ABI that brings it. */
const without40 = (text: string): string => text.replace(/^ {2}# .*\n {2}userns,\n/m, "").replace("abi <abi/4.0>", "abi <abi/3.0>");
const rules = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));

test("the parser of this machine says yes to what is right and no to what is not: the control", () => {
  expect(parse(read("3.0"))).toEqual({ code: 0, said: "" });
  expect(parse(read("3.0").replace("allow pivot_root,", "allow pivot_rood,")).code).not.toBe(0);
  expect(parse(read("3.0").replace("/usr/bin/bwrap ix,", "/usr/bin/bw* ix,")).code).not.toBe(0);
});

test("the form for abi 4.0 differs from the one for 3.0 by `userns,` alone, and is parsed without it", () => {
  expect(parse(without40(read("4.0")))).toEqual({ code: 0, said: "" });
  expect(rules(read("4.0")).filter((rule) => rule !== "userns,").map((rule) => rule.replace("abi/4.0", "abi/3.0"))).toEqual(rules(read("3.0")));
  expect(rules(read("4.0")).filter((rule) => rule === "userns,")).toHaveLength(1);
});

test("each rule has its reason in the line above it", () => {
  for (const form of ["3.0", "4.0"]) {
    const lines = read(form).split("\n");
    const bare = lines.filter((line, at) => /^\s+\S.*,$|^(abi|include|@|profile)/.test(line) && !line.trim().startsWith("#") && !/^\s*# \S/.test(lines[at - 1] ?? ""));
    expect(bare).toEqual(["  include if exists <local/bulkhead-launcher>", "  include if exists <local/bulkhead-inside>"].filter((line) => bare.includes(line)));
  }
});

test("only our launcher gets rights, and what it starts inside has neither capabilities, namespaces nor mounts", () => {
  const [launcher = "", inner = ""] = read("4.0").split("profile bulkhead-inside");
  expect(rules(launcher).filter((rule) => rule.startsWith("profile "))).toEqual(["profile bulkhead-launcher @{bulkhead_launcher} flags=(attach_disconnected,mediate_deleted) {"]);
  expect(/^@\{bulkhead_launcher\}=(\S+)$/m.exec(launcher)?.[1]).toMatch(/^\/opt\/Bulkhead\/.*\/bulkhead-launcher$/);
  expect(rules(inner).filter((rule) => /userns|mount|pivot_root|^allow capability|unconfined|change_profile|ptrace/.test(rule))).toEqual([]);
  expect(rules(inner)).toContain("audit deny capability,");
});

test("the compiled form names both profiles, so the rules were really read", () => {
  const path = join(place, "names");
  writeFileSync(path, read("3.0"));
  const names = execFileSync(parser, ["--names", path], { encoding: "utf8", env: { PATH: "/usr/sbin:/usr/bin:/bin" }, stdio: ["ignore", "pipe", "ignore"] });
  expect(names.trim().split("\n").sort()).toEqual(["bulkhead-inside", "bulkhead-launcher"]);
});
