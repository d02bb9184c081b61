/** `npm start`: set-up, then the app: Electron's window where its runtime is there, else the browser door. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setUp } from "./setUp.mjs";

await setUp({ forTests: false });
const root = fileURLToPath(new URL("..", import.meta.url));
const display = process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"];
// As root no window is opened: its page would run without Chromium's own sandbox.
const windowed = display !== undefined && process.getuid?.() !== 0;
if (windowed) await fetchElectron();
const given = process.env["ELECTRON_OVERRIDE_DIST_PATH"];
const electron = [given ? `${given}/electron` : "", `${root}node_modules/electron/dist/electron`].find((path) => path !== "" && existsSync(path));
const [program, words] = electron && windowed ? [electron, [root]] : [process.execPath, [`${root}build/bulkhead.mjs`]];
if (!electron && windowed) process.stderr.write("bulkhead: Electron's runtime is not here (npx install-electron fetches it): the browser door opens instead.\n");
const child = spawn(program, words, { stdio: "inherit" });
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.once("exit", (code) => process.exit(code ?? 1));

/** The usual first-run fetch of a development checkout. A host that does not answer within five seconds ends it. */
async function fetchElectron() {
  if (process.env["ELECTRON_OVERRIDE_DIST_PATH"] || existsSync(`${root}node_modules/electron/dist/electron`)) return;
  const mirror = process.env["ELECTRON_MIRROR"] ?? "https://github.com/electron/electron/releases/download/";
  try {
    await fetch(mirror, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(5000) });
  } catch {
    return;
  }
  process.stderr.write("bulkhead: fetching Electron's runtime, once\n");
  spawnSync(process.execPath, [`${root}node_modules/electron/install.js`], { stdio: ["ignore", 2, 2], timeout: 300_000 });
}
