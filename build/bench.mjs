/** `npm run bench [-- SUBJECT…]`: sets up, then runs the figures on the built program; without a subject all of them. */
import { spawnSync } from "node:child_process";
import { setUp } from "./setUp.mjs";

await setUp({ forTests: true });
// --expose-gc: memory is compared after a collection, not by its chance.
process.exitCode = spawnSync(process.execPath, ["--expose-gc", "test/bench/bench.ts", ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
