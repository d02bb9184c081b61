/** Figures of the real page in a real Chromium. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openFeed } from "../../main/feed/feed.ts";
import { openPage, runBin, startApp, startBrowser, type Home } from "../journeys/app.ts";

const id = (name: string): string => `[data-testid="${name}"]`;

/** Every process below `root`, itself left out. */
function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const below = (pid: number): number[] => [...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...below(child)]);
  return below(root);
}

/** Proportional set size of the given processes, in MB. */
function memoryOf(pids: readonly number[]): number {
  const pss = pids.map((pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0));
  return pss.reduce((sum, one) => sum + one, 0) / 1024;
}

/** Milliseconds from the click on «send» to the first plan, step or text of the agent, a fresh conversation each. */
export async function firstEventOnPage(home: Home, rounds: number): Promise<{ ms: number[]; idleMegabytes: number }> {
  const app = await startApp(home);
  const browser = await startBrowser();
  const page = await openPage(browser, app);
  await page.locator(`${id("welcome-next")}, ${id("composer")}`).first().waitFor();
  while (await page.locator(id("welcome-next")).isVisible()) await page.click(id("welcome-next"));
  const ms: number[] = [];
  let idleMegabytes = 0;
  for (let round = 0; round <= rounds; round++) {
    await page.click(id("new-conversation"));
    await page.waitForFunction((selector) => document.querySelectorAll(selector).length === 0, id("message-agent"));
    await page.fill(id("composer"), "list");
    const begun = await page.evaluate(([send, marks]) => {
      const start = performance.now();
      (document.querySelector(send as string) as HTMLElement).click();
      return new Promise<number>((resolve) => {
        const look = (): void => {
          if (document.querySelector(marks as string)) resolve(performance.now() - start);
          else requestAnimationFrame(look);
        };
        look();
      });
    }, [id("send"), `${id("step")}, ${id("plan")}`]);
    await page.locator(id("stop")).waitFor({ state: "hidden" });
    if (round === 0) idleMegabytes = memoryOf(descendants(app.process.pid ?? 0));
    else ms.push(begun);
  }
  await browser.close();
  await app.end();
  return { ms, idleMegabytes };
}

/** Opens a conversation with `count` events and scrolls its activity for two seconds: the longest frame. */
export async function framesWithManyEvents(home: Home, count: number): Promise<{ longest: number }> {
  await runBin(["run", "list"], home);
  const listed = JSON.parse((await runBin(["conversation", "list", "--json"], home)).out) as { id: string }[];
  const conversation = listed[0]?.id ?? "";
  const feed = openFeed({ path: join(home.environment["XDG_DATA_HOME"] ?? "", "bulkhead/feed.db"), now: () => new Date(), redact: (text) => text });
  for (let index = 0; index < count; index += 1000) {
    feed.recordAll(Array.from({ length: 1000 }, (_, one) => ({ kind: "tool.called", conversation, actor: "agent", evidence: "claimed", outcome: "done", detail: { id: `t${index + one}`, tool: "read", summary: `read file ${index + one}`, status: "completed" } })));
  }
  feed.close();
  const app = await startApp(home);
  const browser = await startBrowser();
  const page = await openPage(browser, app);
  await page.click(id("tab-activity"));
  await page.locator(id("feed-row")).first().waitFor();
  const longest = await page.evaluate((row) => new Promise<number>((resolve) => {
    let scroller: Element | null | undefined = document.querySelector(row);
    while (scroller && scroller.scrollHeight <= scroller.clientHeight + 50) scroller = scroller.parentElement;
    const begun = performance.now();
    let last = begun;
    let worst = 0;
    const frame = (now: number): void => {
      worst = Math.max(worst, now - last);
      last = now;
      if (scroller) scroller.scrollTop -= 400;
      if (now - begun < 2000) requestAnimationFrame(frame);
      else resolve(worst);
    };
    requestAnimationFrame(frame);
  }), id("feed-row"));
  await browser.close();
  await app.end();
  return { longest };
}
