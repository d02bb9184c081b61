/** `npm run check`: types, layers, lint, dead code, unit tests. Every step runs; the first failure decides the exit code. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = `${root}node_modules/.bin/`;
const steps = [
  ["types", `${bin}tsc`, "-b"],
  ["layers", process.execPath, "build/layers.mjs"],
  ["lint", `${bin}oxlint`, "--type-aware", "--deny-warnings"],
  ["dead code", `${bin}knip`],
  ["unit tests", `${bin}vitest`, "run", "--project", "unit"],
];

export function check() {
  let failed = 0;
  for (const [name = "", program = "", ...words] of steps) {
    const begun = performance.now();
    const { status } = spawnSync(program, words, { cwd: root, stdio: "inherit" });
    process.stderr.write(`check: ${name} ${status === 0 ? "ok" : "FAILED"} (${((performance.now() - begun) / 1000).toFixed(1)} s)\n`);
    failed ||= status === 0 ? 0 : 1;
  }
  return failed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = check();
