/** The built app as a person starts it, with a data home of its own, and a real Chromium on its page. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium, type Browser, type Page } from "playwright-core";
import { removeTree } from "../../main/base/removeTree.ts";

export const root = new URL("../..", import.meta.url).pathname;
export const bin = join(root, "build/bulkhead.mjs");

export interface Home {
  path: string;
  environment: NodeJS.ProcessEnv;
  remove(): void;
}

export function makeHome(): Home {
  const path = mkdtempSync(join(tmpdir(), "bulkhead-journey-"));
  for (const part of ["home", "data", "config", "state", "run", "work"]) mkdirSync(join(path, part), { mode: 0o700 });
  return {
    path,
    environment: {
      PATH: process.env["PATH"], LANG: "C.UTF-8", HOME: join(path, "home"), XDG_DATA_HOME: join(path, "data"), XDG_CONFIG_HOME: join(path, "config"),
      XDG_STATE_HOME: join(path, "state"), XDG_RUNTIME_DIR: join(path, "run"),
    },
    remove: () => removeTree(path),
  };
}

export interface App {
  process: ChildProcess;
  address: string;
  end(signal?: NodeJS.Signals): Promise<void>;
}

export async function startApp(home: Home): Promise<App> {
  const child = spawn(process.execPath, [bin], { env: home.environment, stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("http://") && resolve(line.trim()));
    child.once("exit", (code) => reject(new Error(`the app ended with ${code}`)));
  });
  const over = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    process: child, address,
    async end(signal = "SIGTERM") {
      child.kill(signal);
      await over;
    },
  };
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
}

export async function openPage(browser: Browser, app: App, colours: "light" | "dark" = "light"): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: colours, locale: "en-GB" });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(app.address);
  return page;
}

/** Runs the command line and collects what it says. */
export function runBin(args: string[], home: Home, input?: string): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bin, ...args], { env: home.environment, stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (err += data.toString()));
    child.stdin.end(input ?? "");
    child.once("close", (code) => resolve({ code, out, err }));
  });
}
