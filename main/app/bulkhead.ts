/** The program's entry: the command line's door. Everything else is loaded by the command that needs it. */
import { main } from "../terminal/main.ts";
import { createTerminalDeps } from "./terminalDeps.ts";

process.exitCode = await main(process.argv.slice(2), createTerminalDeps);
