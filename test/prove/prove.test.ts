import { cpSync, mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeTree } from "../../main/base/removeTree.ts";
import { kernelLines } from "../../main/prove/kernelLines.ts";
import { packSteps, readAnswers, type Answer } from "../../main/prove/step.ts";
import { proofLineIds, proofSchema } from "../../protocol/proof.ts";
import { sandboxSpecSchema } from "../../protocol/sandboxSpec.ts";
import { give, outside, people, type Person } from "../confinement/person.ts";
import { fences } from "./fences.ts";
import type { Report } from "./runner.ts";

const root = resolve(import.meta.dirname, "../..");
const { people: persons, remove } = await people();

/** Everything that the runner needs besides what the confinement tests copy; the world lies where no fence's removal shows it by chance. */
function prepare(person: Person): string {
  for (const part of ["main/prove", "test/prove"]) cpSync(join(root, part), join(person.program, part), { recursive: true });
  execFileSync("/bin/chmod", ["-R", "a+rX", person.program]);
  const base = process.getuid?.() === 0 ? "/srv" : homedir();
  mkdirSync(base, { recursive: true });
  const world = realpathSync(mkdtempSync(join(base, "bulkhead-world-")));
  person.made.push(world);
  mkdirSync(join(world, "home"));
  give(person, world);
  return world;
}

afterAll(remove);

describe.each(persons)("proved by $name", (person) => {
  let reports: { [name: string]: Report } = {};
  let complaints = "";
  beforeAll(async () => {
    const world = prepare(person);
    const said = await outside(person, [person.node, join(person.program, "test/prove/runner.ts"), join(person.program, "dist"), join(world, "home")]);
    removeTree(world);
    complaints = said.stderr;
    reports = JSON.parse(said.stdout.trim().split("\n").at(-1) ?? "{}") as typeof reports;
  }, 240_000);
  const turned = (name: string): string[] => reports[name]?.proof.lines.filter((line) => !line.ok).map((line) => `${line.id} ${line.verdict}`).sort() ?? ["no report"];

  test("the whole sandbox holds in every line, within five seconds", () => {
    expect(turned("whole")).toEqual([]);
    const proof = proofSchema.parse(reports["whole"]?.proof);
    expect(proof.lines.map((line) => line.id).sort()).toEqual([...proofLineIds].sort());
    expect([proof.summary, proof.ms < 5000, proof.machine.root]).toEqual([{ ok: true, held: proofLineIds.length, open: 0, notProved: 0 }, true, person.uid === 0]);
  });

  test("without a control nothing is proved", () => {
    expect(turned("no control")).toEqual(proofLineIds.map((id) => `${id} not-proved`).sort());
  });

  test.each(fences)("where $name, exactly that turns", ({ name, turns }) => {
    expect([turned(name), complaints]).toEqual([turns.map((id) => `${id} open`).sort(), ""]);
  });

  test("every line but one is turned by a fence, and that one cannot be taken out of a plan", () => {
    const turnable = new Set(fences.flatMap((fence) => fence.turns));
    expect(proofLineIds.filter((id) => !turnable.has(id))).toEqual(["set-uid"]);
  });

  test("nothing of the prover is left, whatever was found", () => {
    expect(Object.values(reports).flatMap((report) => report.left)).toEqual([]);
  });
});

// Neither the keeper nor bubblewrap makes a mount without the mark: the line is judged from answers.
test("a mount that lets set-uid programs work turns its line; the mark outside too proves nothing", () => {
  const line = kernelLines(sandboxSpecSchema.parse({ command: ["true"] })).find(({ id }) => id === "set-uid");
  const answer = (text: string): Answer => ({ errno: 0, text });
  const [marked, bare] = [answer("read-only nosuid"), answer("writable suid")];
  const judged = (inside: Answer[], control: Answer): unknown => {
    const { held, reached } = line?.judge(inside, [control]) ?? {};
    return { held, reached };
  };
  expect([judged([marked, marked], bare), judged([marked, bare], bare), judged([marked, marked], marked)]).toEqual([{ held: true, reached: true }, { held: false, reached: true }, { held: true, reached: false }]);
});

test("steps are packed as the launcher reads a plan, and a line that is missing has no answer", () => {
  expect(packSteps([["see", "/é"]]).toString("hex")).toBe("1500000003000000736565000300" + "00002fc3a9000000000000");
  const answers = readAnswers("STARTED\n0 2 \n2 0 a\tb\nDONE 3\n", 3);
  expect([answers.whole, answers.at(0), answers.at(1), answers.at(2)]).toEqual([true, { errno: 2, text: "" }, undefined, { errno: 0, text: "a\nb" }]);
  expect(readAnswers("0 2 \nDONE 1\n", 1).whole || readAnswers("STARTED\n0 2 \n", 1).whole).toBe(false);
});
