/**
 * Programs that Bulkhead starts on the host: a closed list, by absolute path, with an environment built from a list.
 * The browser window is opened before any sandbox exists, so no PTY master of ours can be inherited by it.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";

const passed = ["HOME", "LANG", "LC_ALL", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"] as const;

/** Opens `address` as an app window with its own profile; the closer ends it. */
export function openBrowserWindow(browser: string, address: string, profile: string): () => void {
  mkdirSync(profile, { recursive: true, mode: 0o700 });
  const environment = Object.fromEntries(passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const child = spawn(browser, [`--app=${address}`, `--user-data-dir=${profile}`, "--no-first-run", "--no-default-browser-check"], {
    env: { ...environment, PATH: "/usr/bin:/bin" }, stdio: "ignore", cwd: "/",
  });
  child.on("error", () => undefined);
  return () => void child.kill("SIGTERM");
}
