/** Electron's entry: one instance, one core, one window. Everything dangerous that a page could ask for is refused for the whole app. */
import { join } from "node:path";
import { app, type BrowserWindow } from "electron";
import { registerAppScheme } from "../window/appScheme.ts";
import { lockContents, openWindow, pickFolder } from "../window/window.ts";
import { createCore } from "./compose.ts";
import { findPlaces } from "./places.ts";
import { openRooms } from "./rooms.ts";

function start(): void {
  if (!app.requestSingleInstanceLock()) return app.quit();
  registerAppScheme();
  app.enableSandbox();
  app.on("web-contents-created", (_event, contents) => lockContents(contents));
  app.on("window-all-closed", () => app.quit());
  void app.whenReady().then(openApp);
}

function openApp(): void {
  const rooms = openRooms(findPlaces(process.env), () => new Date());
  let window: BrowserWindow | undefined;
  const core = createCore({ rooms, pickFolder: () => pickFolder(window) });
  window = openWindow({ core, pageDirectory: join(rooms.places.dist, "renderer"), preload: join(rooms.places.dist, "main/preload.cjs") }).window;
  app.on("second-instance", () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  let closed = false;
  // Sandboxes end before the app does: the quit waits for the core once.
  app.on("before-quit", (event) => {
    if (closed) return;
    event.preventDefault();
    closed = true;
    void core.close().finally(() => app.quit());
  });
}

start();
