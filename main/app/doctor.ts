/** Everything this machine must be able to do, really tried: confine, stage, keep secrets, show a window. */
import { accessSync, constants } from "node:fs";
import type { Check } from "../../protocol/api.ts";
import { readMachine, type Machine } from "../sandbox/machine.ts";
import { installing } from "../sandbox/obstacle.ts";
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
  const confine = await rooms.sandbox.probe(rooms.places.data);
  const machine = readMachine(rooms.places.dist);
  return [...confine, secrets((await rooms.vault()).state(), machine), shown(findBrowser(), machine)];
}

export function secrets(state: "ready" | "locked" | "absent", machine: Machine): Check {
  if (state === "ready") return { name: "secrets", ok: true, why: "The system's keychain answers." };
  if (state === "locked") return { name: "secrets", ok: false, why: "The system's keychain is locked.", mend: "printf '%s' \"$PASSWORD\" | gnome-keyring-daemon --unlock --components=secrets" };
  const session = machine.read("/proc/self/environ")?.includes("DBUS_SESSION_BUS_ADDRESS=");
  if (session || machine.platform !== "linux") return { name: "secrets", ok: false, why: "No keychain answers; keys live in memory for one run only.", mend: installing(machine, "gnome-keyring") };
  return { name: "secrets", ok: false, why: "There is no session bus, so no keychain can answer; keys live in memory for one run only.", mend: "dbus-run-session -- bulkhead" };
}

export function shown(browser: string | undefined, machine: Machine): Check {
  if (browser !== undefined) return { name: "window", ok: true, why: `A browser window can be opened with ${browser}.` };
  return { name: "window", ok: false, why: "Neither Electron's runtime nor a Chromium browser is here; the address is printed instead.", mend: installing(machine, "chromium") };
}
