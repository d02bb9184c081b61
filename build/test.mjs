/** `npm test`: set-up, check, then confinement, integration and journeys with the real parts. The same for a person and for CI. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { check } from "./check.mjs";
import { setUp } from "./setUp.mjs";

await setUp({ forTests: true });
const checked = check();
const root = fileURLToPath(new URL("..", import.meta.url));
const run = (/** @type {string} */ project) => spawnSync(`${root}node_modules/.bin/vitest`, ["run", "--project", project], { cwd: root, stdio: "inherit" }).status ?? 1;
const ended = ["real", "alone"].map(run);
process.exitCode = checked || Math.max(...ended);
