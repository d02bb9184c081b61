/** app://bulkhead/…: the page's files from memory, with a strict policy. No path of a request reaches the file system. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { protocol, type Session } from "electron";
import { isOwnAddress, pageHeaders } from "./options.ts";

const types: { [extension: string]: string } = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
  ".png": "image/png", ".woff2": "font/woff2", ".json": "application/json",
};

/** Must run before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: false, corsEnabled: false, allowServiceWorkers: false, stream: false } }]);
}

export function serveAppScheme(session: Session, pageDirectory: string): void {
  const files = new Map<string, { body: Uint8Array<ArrayBuffer>; type: string }>();
  for (const entry of readdirSync(pageDirectory, { withFileTypes: true, recursive: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`/${relative(pageDirectory, path).split(sep).join("/")}`, { body: new Uint8Array(readFileSync(path)), type });
  }
  session.protocol.handle("app", (request) => {
    const path = new URL(request.url).pathname;
    const file = isOwnAddress(request.url) && request.method === "GET" ? files.get(path === "/" ? "/index.html" : path) : undefined;
    if (!file) return new Response("There is nothing here.", { status: 404, headers: pageHeaders });
    return new Response(file.body, { headers: { ...pageHeaders, "content-type": file.type } });
  });
}
