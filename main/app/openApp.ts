/** `bulkhead` without a command: the browser door in an app window, or its address printed, until it is told to end. */
import { join } from "node:path";
import { createCore } from "./compose.ts";
import { openBrowserWindow } from "../sandbox/hostProgram.ts";
import { findBrowser } from "./doctor.ts";
import type { Rooms } from "./rooms.ts";

/** Resolves with the exit code when the app was closed. */
export async function openApp(rooms: Rooms): Promise<number> {
  const { openBrowserDoor } = await import("../browser/browserDoor.ts");
  const core = createCore({ rooms });
  const door = await openBrowserDoor({ core, pageDirectory: join(rooms.places.dist, "renderer") });
  if (!door.ok) {
    process.stderr.write(`bulkhead: ${door.problem.message}\n`);
    await core.close();
    return 1;
  }
  const browser = findBrowser();
  const why = process.getuid?.() === 0 ? "as root no browser is opened, it would run without its own sandbox"
    : !browser ? "no Chromium or Chrome is installed"
      : !process.env["DISPLAY"] && !process.env["WAYLAND_DISPLAY"] ? "there is no display"
        : undefined;
  if (why === undefined && browser) rooms.closers.add(openBrowserWindow(browser, door.value.address, join(rooms.places.state, "window")));
  else process.stderr.write(`bulkhead: open this address in a browser (${why}); it works once:\n`);
  process.stdout.write(`${door.value.address}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  await door.value.close();
  await core.close();
  return 0;
}
