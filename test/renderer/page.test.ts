/** The built page over the real browser door in a real Chromium, with a made-up core behind. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildPage } from "../../build/page.mjs";
import { openBrowserDoor } from "../../main/browser/browserDoor.ts";
import type { FeedEvent } from "../../protocol/event.ts";
import { conversationId, createFakeCore, makeEvents, type FakeCore } from "./fakeCore.ts";

const root = new URL("../..", import.meta.url).pathname;
const id = (name: string): string => `[data-testid="${name}"]`;
let dist: string;
let browser: Browser;
let endings: (() => Promise<void>)[] = [];

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), "bulkhead-page-"));
  await buildPage({ root, dist });
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
}, 60_000);

afterEach(async () => {
  for (const end of endings) await end();
  endings = [];
});

afterAll(async () => {
  await browser?.close();
  rmSync(dist, { recursive: true, force: true });
});

async function openPage(core: FakeCore, o: { dark?: boolean; locale?: string } = {}): Promise<{ page: Page; said: string[]; address: string }> {
  const door = await openBrowserDoor({ core, pageDirectory: join(dist, "renderer") });
  if (!door.ok) throw new Error(door.problem.message);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: o.dark ? "dark" : "light", locale: o.locale ?? "en-GB" });
  endings.push(() => context.close(), door.value.close);
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(error.message));
  await page.goto(door.value.address);
  return { page, said, address: door.value.address };
}

async function flaws(page: Page): Promise<string[]> {
  const result = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  return result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 140)}`));
}

test.each([false, true])("axe finds nothing in any view (dark: %s), and the page breaks no policy", async (dark) => {
  const { page, said } = await openPage(createFakeCore({ events: 60 }), { dark });
  const found: string[] = [];
  await page.locator(id("feed-row")).first().waitFor();
  await page.locator(id("feed-row")).filter({ hasText: "pastebin" }).last().click();
  found.push(...(await flaws(page)));
  for (const view of ["tab-changes", "tab-reach", "add-folder", "settings"]) {
    await page.click(id(view));
    if (view === "add-folder") {
      found.push(...(await flaws(page)));
      await page.fill(id("folder-path"), "/home/person/Invoices");
      await page.click(id("folder-choose"));
      await page.getByText("bank-login").waitFor();
      found.push(...(await flaws(page)));
      await page.keyboard.press("Escape");
    } else found.push(...(await flaws(page)));
  }
  expect([...new Set(found)]).toEqual([]);
  expect(said).toEqual([]);
}, 60_000);

test("the token leaves the address at once; a second use of the address is told, a reload goes on", async () => {
  const { page, address } = await openPage(createFakeCore());
  await page.locator(id("message-agent")).first().waitFor();
  expect(page.url()).toBe(address.slice(0, address.indexOf("#")));
  await page.reload();
  await page.locator(id("message-agent")).first().waitFor();
  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(address);
  await stranger.getByText("used already").waitFor();
  await stranger.context().close();
}, 30_000);

test("agent text loads no picture and holds no raw HTML; a link asks first and shows where it leads", async () => {
  const { page } = await openPage(createFakeCore());
  const message = page.locator(id("message-agent"));
  await message.getByText("docs.example.com").waitFor();
  expect(await message.locator("img, b, a[href]").count()).toBe(0);
  await message.getByText("the guide").click();
  await page.locator("dialog[open]").getByText("https://docs.example.com/guide").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
}, 30_000);

test("a hundred thousand events put only the rows in view into the page, and new ones appear", async () => {
  const core = createFakeCore({ events: 100_000 });
  const { page } = await openPage(core);
  await page.locator(id("feed-row")).first().waitFor();
  expect(await page.locator(id("feed-row")).count()).toBeLessThan(60);
  const fresh = makeEvents(100_001).slice(-1).map((event) => ({ ...event, kind: "tool.called" as const, detail: { id: "x", tool: "read", summary: "the newest", status: "completed" as const } }));
  core.push({ push: "feed", events: fresh as FeedEvent[] });
  await page.locator(id("feed-row")).filter({ hasText: "the newest" }).waitFor();
  expect(await page.getByText("100,001 events").count()).toBe(1);
}, 30_000);

test("what is chosen is applied, what is protected stays and says so; then everything is discarded", async () => {
  const core = createFakeCore();
  const { page } = await openPage(core);
  await page.click(id("tab-changes"));
  const rows = page.locator(id("change-row"));
  await rows.first().waitFor();
  expect(await rows.first().innerText()).toContain("old-draft.docx");
  for (const name of ["summary.md", "post-checkout"]) await rows.filter({ hasText: name }).locator(id("change-check")).check();
  await page.click(id("apply-chosen"));
  await page.getByText("git hooks are never changed").waitFor();
  expect(await rows.filter({ hasText: "summary.md" }).count()).toBe(0);
  expect(await rows.filter({ hasText: "post-checkout" }).count()).toBe(1);
  await page.click(id("discard"));
  await rows.first().waitFor({ state: "detached" });
  expect(core.asked.filter((one) => one.name.startsWith("changes.") && one.name !== "changes.list")).toEqual([
    { name: "changes.apply", input: { conversation: conversationId, paths: [".git/hooks/post-checkout", "summary.md"].map((name) => `/home/person/Invoices/${name}`) } },
    { name: "changes.discard", input: { conversation: conversationId } },
  ]);
}, 30_000);

test("a message that could not be sent is not lost", async () => {
  const { page } = await openPage(createFakeCore());
  await page.fill(id("composer"), "keep this");
  await page.keyboard.press("Enter");
  await page.locator(id("problem")).waitFor();
  expect(await page.inputValue(id("composer"))).toBe("keep this");
}, 30_000);

test("the first start is three steps with the practice model chosen; the language switches live", async () => {
  const core = createFakeCore({ welcomed: false });
  const { page } = await openPage(core, { locale: "zh-CN" });
  await page.getByText("它只能接触您交给它的东西").waitFor();
  for (let step = 0; step < 3; step++) await page.click(id("welcome-next"));
  await page.locator(id("composer")).waitFor();
  expect(core.asked.find((one) => one.name === "settings.set")?.input).toEqual({ model: "practice", welcomed: true });
  await page.click(id("settings"));
  await page.selectOption(id("language"), "en");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
}, 30_000);

test("«Prove it now» asks for this desk and shows each line with its verdict and date, in both languages, without a flaw", async () => {
  for (const [locale, button, verdict] of [["en-GB", "Prove it now", "not proved"], ["zh-CN", "立即证明", "未能证明"]] as const) {
    const core = createFakeCore();
    const { page, said } = await openPage(core, { locale });
    await page.click(id("tab-reach"));
    await page.getByRole("button", { name: button }).click();
    await page.getByText("0 of 5 tries arrived").waitFor();
    expect(core.asked.filter((one) => one.name === "prove").map((one) => one.input)).toEqual([{ conversation: conversationId }]);
    const text = await page.locator(".reach").innerText();
    expect([text.includes(verdict), text.includes("2026"), text.includes("\u202e"), await flaws(page), said]).toEqual([true, true, false, [], []]);
  }
});

test("a turn can be held and let go on; a limit that holds it asks, once", async () => {
  const core = createFakeCore({ running: true });
  const { page } = await openPage(core);
  const asked = (): string[] => core.asked.map(({ name }) => name).filter((name) => name.startsWith("turn."));
  await page.click(id("pause"));
  await page.click(id("resume"));
  await page.locator(id("pause")).waitFor();
  expect(asked()).toEqual(["turn.pause", "turn.resume"]);
  const limit = { conversation: conversationId, turn: "turn00000001", seq: 1000, at: "2026-11-24T09:50:00.000Z", hash: "0".repeat(64), kind: "sandbox.limit", actor: "host", evidence: "observed", outcome: "refused", reason: "limit", detail: { limit: "staging-bytes", used: 20, allowed: 10, unit: "bytes", action: "frozen" } } as const;
  core.push({ push: "feed", events: [limit] });
  await page.locator(id("held")).filter({ hasText: "Limit on staged changes" }).waitFor();
  expect(await flaws(page)).toEqual([]);
  if (process.env["PICTURES"]) await page.screenshot({ path: `${process.env["PICTURES"]}/held.png` });
  await page.click(id("resume"));
  expect(asked()).toEqual(["turn.pause", "turn.resume", "turn.resume"]);
  // It is the record that says so, here and after a reload: not the click.
  await page.locator(id("held")).waitFor();
  core.push({ push: "feed", events: [{ ...limit, seq: 1001, kind: "approval.answered", actor: "person", outcome: "allowed", reason: undefined, detail: { id: "limit:staging-bytes", answer: "as much again" } } as unknown as FeedEvent] });
  await page.locator(id("held")).waitFor({ state: "detached" });
}, 60_000);
