/** The program's entry: the command line's door. Everything else is loaded by the command that needs it. */
import { main } from "../terminal/main.ts";
import { createTerminalDeps } from "./terminalDeps.ts";

const code = await main(process.argv.slice(2), createTerminalDeps);
process.exitCode = code;
// All is closed and said: nothing is left to wait for. Where something is still on its way out, the loop ends by itself.
if (process.stderr.writableLength === 0 && process.stdout.writableLength === 0) process.exit(code);
