import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { readHost } from "../../main/sandbox/host.ts";
import { planLaunch, planMessage } from "../../main/sandbox/plan.ts";
import { dist, openBox, root, scratch, specOf } from "./box.ts";

/** The same numbers in every run: a failure can be repeated. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 1 | state) + 0x6d2b79f5) | 0;
    return (state >>> 0) % below;
  };
}

function broken(plan: Buffer, pick: (below: number) => number): Buffer {
  const copy = Buffer.from(plan);
  const way = pick(3);
  if (way === 0) for (let n = 0; n <= pick(6); n++) copy[pick(copy.length)] = pick(256);
  if (way === 1) return copy.subarray(0, pick(copy.length));
  if (way === 2) {
    const cut = copy.subarray(0, 4 + pick(copy.length - 4));
    cut.writeUInt32LE(cut.length - 4);
    return cut;
  }
  return copy;
}

function feed(launcher: string, plan: Buffer): Promise<{ reports: string; stderr: string }> {
  return new Promise((done) => {
    const child = spawn(launcher, ["launch"], { stdio: ["ignore", "ignore", "pipe", "pipe"], env: { ASAN_OPTIONS: "detect_leaks=0" }, cwd: "/", detached: true });
    const control = child.stdio[3] as Duplex;
    const said = { reports: "", stderr: "" };
    control.on("data", (bytes: Buffer) => (said.reports += bytes)).on("error", () => undefined);
    child.stderr?.on("data", (bytes: Buffer) => (said.stderr += bytes));
    child.on("close", () => done(said));
    control.end(plan);
  });
}

test("no broken plan makes the launcher misread memory, and each ends with a report", async () => {
  await openBox();
  const place = scratch();
  const sources = join(root, "native-profiles/launcher");
  const launcher = join(place, "launcher");
  execFileSync("cc", ["-std=gnu11", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-o", launcher, ...readdirSync(sources).filter((name) => name.endsWith(".c")).map((name) => join(sources, name))]);
  const host = readHost({ dist, node: process.execPath, runDirectory: scratch() });
  if (!host.ok) throw new Error(host.problem.message);
  const plan = planMessage(planLaunch(specOf({}), host.value.facts), host.value.filter);
  const pick = chance(7);
  const wrong: string[] = [];
  for (let n = 0; n < 80; n++) {
    const { reports, stderr } = await feed(launcher, broken(plan, pick));
    if (/Sanitizer|runtime error/.test(stderr) || !/^(failed|started) /.test(reports)) wrong.push(`${n}: ${reports}${stderr.slice(0, 500)}`);
  }
  expect(wrong).toEqual([]);
});

test("the launcher's sources stay small, each file at most 300 lines; what every launch runs through, without the prover's steps, at most 800", () => {
  const sources = join(root, "native-profiles/launcher");
  const lines = readdirSync(sources).map((name) => readFileSync(join(sources, name), "utf8").split("\n"));
  const launching = readdirSync(sources).filter((name) => name !== "probe.c").map((name) => readFileSync(join(sources, name), "utf8").split("\n"));
  const code = launching.flat().filter((line) => !/^\s*(\/\*|\*|$)/.test(line)).length;
  expect([Math.max(...lines.map((file) => file.length)) <= 300, code <= 800]).toEqual([true, true]);
});
