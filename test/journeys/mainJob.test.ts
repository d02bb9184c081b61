/** The main job as a person does it: hand over a folder, ask, watch, take half, refuse half; then refusals, stop, and a killed app. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeHome, openPage, root, runBin, startApp, startBrowser, type App, type Home } from "./app.ts";
import { fillFolder, hashFolder } from "./folder.ts";

let home: Home;
let app: App;
let browser: Browser;
let page: Page;
let folder: string;
/** `PICTURES=docs npm test` renews the pictures of the documentation. */
const pictures = join(root, process.env["PICTURES"] === "docs" ? "docs/pictures" : "test-results/pictures");
const id = (name: string): string => `[data-testid="${name}"]`;

async function ask(text: string): Promise<void> {
  const before = await page.locator(id("message-agent")).count();
  await page.fill(id("composer"), text);
  await page.click(id("send"));
  await page.waitForFunction(([selector, count]) => document.querySelectorAll(selector as string).length > (count as number), [id("message-agent"), before]);
}

async function settled(): Promise<string> {
  await page.locator(id("stop")).waitFor({ state: "hidden", timeout: 60_000 });
  return page.locator(id("message-agent")).last().innerText();
}

async function shoot(name: string): Promise<void> {
  await page.emulateMedia({ colorScheme: "light" });
  await page.screenshot({ path: join(pictures, `${name}-light.png`) });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: join(pictures, `${name}-dark.png`) });
  await page.emulateMedia({ colorScheme: "light" });
}

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  home = makeHome();
  folder = join(home.path, "work", "Sales 2026");
  fillFolder(folder, 200);
  writeFileSync(join(home.path, "home", "canary"), "host canary");
  app = await startApp(home);
  browser = await startBrowser();
  page = await openPage(browser, app);
}, 60_000);

afterEach(async (context) => {
  if (context.task.result?.state === "fail") await page.screenshot({ path: join(root, "test-results", `${context.task.name.slice(0, 40)}.png`) });
});

afterAll(async () => {
  await browser?.close();
  await app?.end();
  home?.remove();
});

test("the first start leads through three steps with the practice model", async () => {
  await page.locator(id("welcome-next")).waitFor();
  await shoot("welcome");
  for (let step = 0; step < 3 && (await page.locator(id("welcome-next")).isVisible()); step++) await page.click(id("welcome-next"));
  await page.locator(id("composer")).waitFor();
});

test("a folder of 200 files is handed over, worked on, and stays untouched outside", async () => {
  const before = hashFolder(folder);
  await page.click(id("add-folder"));
  await page.fill(id("folder-path"), folder);
  await page.click(id("folder-choose"));
  await page.click(id("access-edit"));
  await shoot("folder-card");
  await page.click(id("grant-confirm"));
  await page.getByText("can edit").waitFor();
  await ask("organise . by type then summarise sales.csv then write notes.md: done");
  const answer = await settled();
  expect(await page.locator(id("plan")).count()).toBeGreaterThan(0);
  expect(await page.locator(id("step")).count()).toBeGreaterThanOrEqual(3);
  expect(answer.length).toBeGreaterThan(0);
  await page.click(id("tab-activity"));
  await page.locator(id("feed-row")).first().waitFor();
  await shoot("main");
  expect(hashFolder(folder)).toBe(before);
  await page.click(id("tab-changes"));
  await page.locator(id("change-row")).first().waitFor();
  await shoot("changes");
}, 120_000);

test("one change is applied, the rest is discarded: the folder shows exactly that", async () => {
  await page.click(id("tab-changes"));
  await page.locator(".change-scroll").evaluate((list) => { list.scrollTop = list.scrollHeight; });
  const notes = page.locator(id("change-row")).filter({ hasText: "notes.md" });
  await notes.locator(id("change-check")).check();
  await page.click(id("apply-chosen"));
  await expect.poll(() => readdirSync(folder).includes("notes.md"), { timeout: 15_000 }).toBe(true);
  await page.getByText("200 files would change").waitFor();
  expect(readFileSync(join(folder, "notes.md"), "utf8").trim()).toBe("done");
  await page.click(id("discard"));
  await page.locator(id("change-row")).first().waitFor({ state: "detached" });
  expect(readdirSync(folder).length).toBe(201);
}, 120_000);

test("an unknown site is refused, recorded and explained", async () => {
  await ask("run: curl -sS https://example.com");
  const answer = await settled();
  expect(answer).toMatch(/403|refused/i);
  await page.click(id("tab-activity"));
  await page.locator(id("feed-row")).filter({ hasText: "example.com" }).first().waitFor();
  await shoot("refused");
}, 60_000);

test("the person's keys do not exist inside", async () => {
  mkdirSync(join(home.path, "home", ".ssh"), { mode: 0o700 });
  writeFileSync(join(home.path, "home", ".ssh", "id_rsa"), "KEY-CANARY");
  await ask(`run: cat ~/.ssh/id_rsa ${join(home.path, "home", ".ssh", "id_rsa")}`);
  const answer = await settled();
  expect(answer).toMatch(/No such file/);
  expect(await page.content()).not.toContain("KEY-CANARY");
}, 60_000);

test("stop ends a long command at once and leaves nothing running", async () => {
  await ask("run: sleep 987654");
  const running = (): boolean => execFileSync("/bin/ps", ["-eo", "args"], { encoding: "utf8" }).split("\n").some((line) => line.trim() === "sleep 987654");
  await expect.poll(running, { timeout: 20_000 }).toBe(true);
  await page.click(id("stop"));
  await settled();
  expect(running()).toBe(false);
}, 60_000);

test("a killed app loses nothing: conversation, feed and staged changes are there, the chain verifies", async () => {
  await ask("write kept.txt: staged before the end\nrun: sleep 456789");
  await expect.poll(() => execFileSync("/bin/ps", ["-eo", "args"], { encoding: "utf8" }).includes("sleep 456789"), { timeout: 20_000 }).toBe(true);
  await app.end("SIGKILL");
  await expect.poll(() => execFileSync("/bin/ps", ["-eo", "args"], { encoding: "utf8" }).includes("sleep 456789"), { timeout: 5_000 }).toBe(false);
  expect(existsSync(join(folder, "kept.txt"))).toBe(false);
  app = await startApp(home);
  page = await openPage(browser, app);
  await page.getByText("kept.txt").first().waitFor();
  await page.click(id("tab-changes"));
  await page.locator(id("change-row")).filter({ hasText: "kept.txt" }).waitFor();
  const verified = await runBin(["activity", "--verify"], home);
  expect(verified.code).toBe(0);
}, 90_000);
