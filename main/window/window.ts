/**
 * The Electron door: one window on app://bulkhead, calls over one channel.
 * It accepts: frames that requestSchema parses, from the main frame of our own page only.
 * It never: grants a permission, opens a second window or a webview, leaves app://bulkhead, or hands the page anything of Node.
 */
import { app, BrowserWindow, dialog, ipcMain, session, shell, type IpcMainInvokeEvent, type WebContents } from "electron";
import { requestSchema, type Core } from "../../protocol/api.ts";
import { serveAppScheme } from "./appScheme.ts";
import { appOrigin, isOutsideLink, isOwnAddress, windowOptions } from "./options.ts";

export interface WindowDeps {
  core: Core;
  pageDirectory: string;
  /** Absolute path of preload.cjs. */
  preload: string;
}

/** Opens the window; the returned function closes it and takes its listeners away. Call after `app.whenReady()`. */
export function openWindow(deps: WindowDeps): { window: BrowserWindow; close(): void } {
  const own = session.fromPartition("bulkhead", { cache: false });
  lockSession(own);
  serveAppScheme(own, deps.pageDirectory);
  const options = windowOptions({ preload: deps.preload, development: !app.isPackaged });
  const window = new BrowserWindow({ ...options, webPreferences: { ...options.webPreferences, session: own } });
  lockContents(window.webContents);
  const stop = answerCalls(window, deps.core);
  window.once("ready-to-show", () => window.show());
  window.once("closed", stop);
  void window.loadURL(`${appOrigin}/`);
  return { window, close: () => window.destroy() };
}

/** The system's own dialog; undefined when the person cancelled. */
export async function pickFolder(window: BrowserWindow | undefined): Promise<string | undefined> {
  const wish = { properties: ["openDirectory" as const, "dontAddToRecent" as const] };
  const picked = window ? await dialog.showOpenDialog(window, wish) : await dialog.showOpenDialog(wish);
  return picked.canceled ? undefined : picked.filePaths[0];
}

function lockSession(own: Electron.Session): void {
  own.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  own.setPermissionCheckHandler(() => false);
  own.setDevicePermissionHandler(() => false);
  own.setDisplayMediaRequestHandler((_request, answer) => answer({}));
  own.on("will-download", (event) => event.preventDefault());
  // Nothing leaves from the page: the core speaks to the net, the page never.
  own.webRequest.onBeforeRequest((request, answer) => answer({ cancel: !isOwnAddress(request.url) && !request.url.startsWith("devtools:") && !request.url.startsWith("data:image/") }));
}

export function lockContents(contents: WebContents): void {
  contents.on("will-navigate", (event) => event.preventDefault());
  contents.on("will-frame-navigate", (event) => event.preventDefault());
  contents.on("will-redirect", (event) => event.preventDefault());
  contents.on("will-attach-webview", (event) => event.preventDefault());
  // The page asks the person before it opens a link; a web page then opens in the system's browser, never here.
  contents.setWindowOpenHandler(({ url }) => {
    if (isOutsideLink(url)) void shell.openExternal(url);
    return { action: "deny" };
  });
}

function answerCalls(window: BrowserWindow, core: Core): () => void {
  const ours = (event: IpcMainInvokeEvent): boolean =>
    event.sender === window.webContents && event.senderFrame !== null && event.senderFrame === window.webContents.mainFrame && isOwnAddress(event.senderFrame.url);
  ipcMain.handle("bulkhead.call", async (event, frame: unknown) => {
    const parsed = requestSchema.safeParse(frame);
    if (!ours(event) || !parsed.success) return { id: -1, problem: { code: "bad-input", message: "That call is not understood here. Nothing was done." } };
    return { id: parsed.data.id, ...(await core.call(parsed.data.call, parsed.data.input)) };
  });
  const unsubscribe = core.subscribe((push) => {
    if (!window.isDestroyed()) window.webContents.send("bulkhead.push", push);
  });
  return () => {
    unsubscribe();
    ipcMain.removeHandler("bulkhead.call");
  };
}
