/** The doctor's real tries as whoever runs this: dist, run directory and data directory in the arguments, the checks as one JSON line. */
import { createSandbox } from "../../main/sandbox/sandbox.ts";

const [dist = "", runDirectory = "", data = ""] = process.argv.slice(2);
const box = createSandbox({ dist, node: process.execPath, runDirectory, log: () => undefined });
process.stdout.write(`${JSON.stringify(await box.probe(data))}\n`);
process.exit(0);
