/** `npm run bench`: sets up, then runs the figures on the built program. */
import { spawnSync } from "node:child_process";
import { setUp } from "./setUp.mjs";

await setUp({ forTests: true });
process.exitCode = spawnSync(process.execPath, ["test/bench/bench.ts"], { stdio: "inherit" }).status ?? 1;
