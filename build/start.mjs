/** `npm start`: set-up, then the app: Electron's window where its runtime is there, else the browser door. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setUp } from "./setUp.mjs";

await setUp({ forTests: false });
const root = fileURLToPath(new URL("..", import.meta.url));
const given = process.env["ELECTRON_OVERRIDE_DIST_PATH"];
const electron = [given ? `${given}/electron` : "", `${root}node_modules/electron/dist/electron`].find((path) => path !== "" && existsSync(path));
const display = process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"];
const [program, words] = electron && display && process.getuid?.() !== 0 ? [electron, [root]] : [process.execPath, [`${root}build/bulkhead.mjs`]];
if (!electron) process.stderr.write("bulkhead: Electron's runtime is not here (npx install-electron fetches it): the browser door opens instead.\n");
const child = spawn(program, words, { stdio: "inherit" });
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.once("exit", (code) => process.exit(code ?? 1));
