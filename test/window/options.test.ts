import { expect, test } from "vitest";
import { isOutsideLink, isOwnAddress, pagePolicy, windowOptions } from "../../main/window/options.ts";

test("the window's page is a page: no Node, its own world, the sandbox, no webview", () => {
  expect(windowOptions({ preload: "/app/preload.cjs", development: false }).webPreferences).toEqual({
    preload: "/app/preload.cjs", contextIsolation: true, sandbox: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false,
    webSecurity: true, allowRunningInsecureContent: false, experimentalFeatures: false, webviewTag: false, navigateOnDragDrop: false, safeDialogs: true, spellcheck: false, devTools: false,
  });
});

test("the policy allows the page's own files and nothing else", () => {
  expect(pagePolicy).toContain("default-src 'none'");
  expect(pagePolicy).toContain("connect-src 'none'");
  for (const word of ["unsafe", "*", "http", "blob:"]) expect(pagePolicy).not.toContain(word);
});

test("only app://bulkhead is our own address", () => {
  const own = ["app://bulkhead/", "app://bulkhead/index.html"];
  const foreign = ["app://bulkhead.evil/", "app://evil@bulkhead/", "app://bulkhead:80/", "app://other/", "https://bulkhead/", "file:///bulkhead", "javascript:1", "bulkhead", ""];
  expect([...own, ...foreign].filter(isOwnAddress)).toEqual(own);
});

test("only web pages are handed to the system: no scheme that could start a program", () => {
  const web = ["https://example.com/a", "http://example.com"];
  const others = ["file:///etc/passwd", "javascript:alert(1)", "smb://host/x", "ms-msdt:/id", "https://user:pw@example.com", "data:text/html,x", "mailto:a@b", "x"];
  expect([...web, ...others].filter(isOutsideLink)).toEqual(web);
});
