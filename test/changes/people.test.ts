/** As root and as a plain user, neither of whom can look into a folder whose rights the agent took. */
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildWorker } from "../../build/worker.mjs";
import { outside, ownDirectory, give, people } from "../confinement/person.ts";

const root = resolve(import.meta.dirname, "../..");
await buildWorker({ root, dist: join(root, "dist") });
const { people: all, remove } = await people();
afterAll(remove);

test.each(all.map((person) => [person.name, person] as const))("%s applies what can be applied and discards the rest, whatever rights the agent took", async (_, person) => {
  for (const part of ["main/changes", "main/grants", "test/changes", "dist/changesWorker.mjs"]) cpSync(join(root, part), join(person.program, part), { recursive: true });
  execFileSync("/bin/chmod", ["-R", "a+rX", person.program]);
  const base = ownDirectory(person);
  give(person, base);
  const script = "echo more >> a; rm b; mv c d; mkdir -p n/m; echo y > n/m/z; chmod 000 n/m; mkdir l; chmod 000 l; chmod 000 .";
  const ran = await outside(person, [person.node, join(person.program, "test/changes/oneJob.ts"), base, join(person.program, "dist"), script]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  const result = JSON.parse(ran.stdout) as { [name: string]: unknown };
  // The worker of root holds no capability either: what the agent closed is closed to both.
  expect(result).toEqual({
    uid: person.uid, said: expect.stringContaining("FINISHED"), text: "a\nmore\n", left: [], discarded: true, names: ["a", "d"],
    listed: ["edited a", "deleted b", "renamed d", "created l !", "created n/m !"], applied: ["a", "b", "d"], refused: ["l", "n/m"],
  });
}, 60_000);
