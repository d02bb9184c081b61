/** What the window may do, as values: tests assert them, window.ts only applies them. */
import type { BrowserWindowConstructorOptions } from "electron";

export const appOrigin = "app://bulkhead";

export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

export const pageHeaders: Readonly<{ [name: string]: string }> = {
  "content-security-policy": pagePolicy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** The page is a page: no Node, its own world, the renderer's sandbox, no webview, no plain http, no developer tools in a release. */
export function windowOptions(o: { preload: string; development: boolean }): BrowserWindowConstructorOptions {
  return {
    width: 1360, height: 860, minWidth: 720, minHeight: 480, show: false, title: "Bulkhead", autoHideMenuBar: true, backgroundColor: "#fbfbfa",
    webPreferences: {
      preload: o.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
      devTools: o.development,
    },
  };
}

/** True for our page's own addresses and nothing else. Compared as parsed, so no spelling tricks. */
export function isOwnAddress(address: string): boolean {
  try {
    const url = new URL(address);
    return url.protocol === "app:" && url.host === "bulkhead" && url.username === "" && url.password === "" && url.port === "";
  } catch {
    // Not an address at all.
    return false;
  }
}

/** Links that may be handed to the system's browser after the page's own confirm: web pages only, no other scheme can start a program. */
export function isOutsideLink(address: string): boolean {
  try {
    const url = new URL(address);
    return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
  } catch {
    // Not an address at all.
    return false;
  }
}
