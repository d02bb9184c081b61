/** Everything this machine must be able to do, really tried: confine, keep secrets, show a window. */
import { accessSync, constants } from "node:fs";
import type { Check } from "../../protocol/api.ts";
import type { Rooms } from "./rooms.ts";

export const browserPaths = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/usr/bin/chromium-browser"] as const;

export function findBrowser(): string | undefined {
  return browserPaths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export async function runDoctor(rooms: Rooms): Promise<Check[]> {
  const confine = await rooms.sandbox.probe();
  const state = (await rooms.vault()).state();
  const secrets: Check = state === "ready"
    ? { name: "secrets", ok: true, why: "The system's keychain answers." }
    : { name: "secrets", ok: false, why: state === "locked" ? "The system's keychain is locked." : "No keychain answers; keys live in memory for one run only.", mend: state === "locked" ? "Unlock the keychain of your session." : "sudo apt-get install -y gnome-keyring" };
  const browser = findBrowser();
  const window: Check = browser
    ? { name: "window", ok: true, why: `A browser window can be opened with ${browser}.` }
    : { name: "window", ok: false, why: "Neither Electron's runtime nor a Chromium browser is here; the address is printed instead.", mend: "sudo apt-get install -y chromium" };
  return [...confine, secrets, window];
}
