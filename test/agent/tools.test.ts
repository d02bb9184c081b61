/** The tools on real files. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { toolbox } from "../../agent/tools/toolbox.ts";
import type { ToolContext } from "../../agent/tools/tool.ts";
import { temporaryDirectory } from "../temporary.ts";

function bench(): { folder: string; use(name: string, input: object): Promise<string>; printed(): string; context: ToolContext; stop(): void } {
  const folder = temporaryDirectory();
  const stopper = new AbortController();
  let printed = "";
  const context: ToolContext = { directory: folder, signal: stopper.signal, shell: { directory: folder }, showPlan: () => undefined, print: (text) => void (printed += text) };
  const use = async (name: string, input: object): Promise<string> => {
    const found = toolbox.find((entry) => entry.name === name);
    if (!found) throw new Error(`no tool ${name}`);
    expect(found.title(input)).not.toBe("");
    return (await found.run(input, context)).text;
  };
  return { folder, use, printed: () => printed, context, stop: () => stopper.abort() };
}

test("text: write, append, read a part, edit exactly", async () => {
  const { use, folder } = bench();
  await use("write", { path: "a/b.txt", text: "one\ntwo\n" });
  await use("append", { path: "a/b.txt", text: "three\n" });
  expect(await use("read", { path: "a/b.txt", startLine: 2, endLine: 3 })).toBe("two\nthree");
  await use("edit", { path: "a/b.txt", oldText: "two", newText: "$& 2" });
  expect(readFileSync(join(folder, "a/b.txt"), "utf8")).toBe("one\n$& 2\nthree\n");
  await expect(use("edit", { path: "a/b.txt", oldText: "four", newText: "" })).rejects.toThrow("does not occur");
  await expect(use("edit", { path: "a/b.txt", oldText: "e", newText: "" })).rejects.toThrow("3 times");
  await expect(use("append", { path: "x.docx", text: "" })).rejects.toThrow("no text file");
});

test("list, move, delete, search", async () => {
  const { use, folder } = bench();
  mkdirSync(join(folder, "in"));
  writeFileSync(join(folder, "in/Report.txt"), "alpha\nBeta gamma\n");
  writeFileSync(join(folder, "x.bin"), Buffer.from([0, 1, 2]));
  expect((await use("list", {})).split("\n").map((line) => line.split("\t")[0])).toEqual(["in/", "x.bin"]);
  expect(await use("search", { query: "beta" })).toBe("in/Report.txt:2: Beta gamma");
  expect(await use("search", { query: "report" })).toBe("in/Report.txt");
  await use("move", { from: "in/Report.txt", to: "new/r.txt" });
  await expect(use("move", { from: "x.bin", to: "new/r.txt" })).rejects.toThrow("there already");
  await use("delete", { path: "in" });
  expect(readdirSync(folder).sort()).toEqual(["new", "x.bin"]);
  await expect(use("read", { path: "x.bin" })).rejects.toThrow("not text");
});

test("delete removes a link, not what it leads to", async () => {
  const { use, folder } = bench();
  mkdirSync(join(folder, "real"));
  writeFileSync(join(folder, "real/keep.txt"), "");
  symlinkSync(join(folder, "real"), join(folder, "link"));
  await use("delete", { path: "link" });
  expect(readdirSync(join(folder, "real"))).toEqual(["keep.txt"]);
});

test("summarise counts, finds headings and totals columns", async () => {
  const { use, folder } = bench();
  writeFileSync(join(folder, "a.csv"), 'name,amount,note\n"Smith, A",10.5,x\nB,"1,200",y\n');
  writeFileSync(join(folder, "b.md"), "# Title\n\nSome words here\n## Part\n");
  expect(await use("summarise", { path: "a.csv" })).toBe("a.csv: 2 rows, columns: name, amount, note\n- amount: total 1210.5");
  expect(await use("summarise", { path: "b.md" })).toBe("b.md: 4 lines, 5 words\nHeadings:\n# Title\n## Part");
  expect(await use("summarise", {})).toContain(".: 2 files");
});

test("organise by type and by month", async () => {
  const { use, folder } = bench();
  for (const name of ["a.PDF", "b.pdf", "c.txt", "plain"]) writeFileSync(join(folder, name), "");
  await use("organise", {});
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(["other", "other/plain", "pdf", "pdf/a.PDF", "pdf/b.pdf", "txt", "txt/c.txt"]);
  utimesSync(join(folder, "txt/c.txt"), 0, Date.UTC(2026, 1, 3) / 1000);
  await use("organise", { path: "txt", by: "month" });
  expect(readdirSync(join(folder, "txt"), { recursive: true }).sort()).toEqual(["2026-02", "2026-02/c.txt"]);
});

test("run keeps the directory, tells the exit code, ends what takes too long, bounds a flood", async () => {
  const { use, printed, folder } = bench();
  expect(await use("run", { command: "mkdir d && cd d && echo out && echo err >&2; exit 3" })).toMatch(/^(out\nerr|err\nout)\n\(exit code 3\)$/);
  expect(await use("run", { command: "pwd" })).toBe(`${folder}/d\n(exit code 0)`);
  expect(printed()).toContain("$ pwd\n");
  expect(await use("run", { command: "echo a; sleep 30", seconds: 0.3 })).toBe("a\n(stopped after 0.3 seconds)");
  expect((await use("run", { command: "yes | head -c 3000000; echo end" })).length).toBeLessThan(67_000);
  const begun = performance.now();
  expect(await use("run", { command: "sleep 20 & echo left" })).toBe("left\n(exit code 0)");
  expect(performance.now() - begun).toBeLessThan(3000);
});

test("a stopped turn ends the command that runs", async () => {
  const { use, stop } = bench();
  const running = use("run", { command: "sleep 60" });
  setTimeout(stop, 100);
  await expect(running).rejects.toThrow();
});

test("fetch turns a page into Markdown and tells a refusal", async () => {
  const { use } = bench();
  const server = createServer((request, response) => {
    if (request.url === "/no") return void response.writeHead(403, { "x-bulkhead-reason": "no-rule" }).end("no");
    if (request.url === "/json") return void response.writeHead(200, { "content-type": "application/json" }).end('{"a":1}');
    response.writeHead(200, { "content-type": "text/html" }).end(`<html><head><title>Prices</title></head><body><script>evil()</script><article><h2>List</h2><p>${"A sentence of text. ".repeat(30)}</p><table><tr><th>Item</th><th>Price</th></tr><tr><td>Tea</td><td>3</td></tr></table></article></body></html>`);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const page = await use("fetch", { url: at });
  expect(page).toContain("# Prices");
  expect(page).toContain("| Tea | 3 |");
  expect(page).not.toContain("evil");
  expect(await use("fetch", { url: `${at}/json` })).toBe('200 OK\n\n{"a":1}');
  await expect(use("fetch", { url: `${at}/no` })).rejects.toThrow("no-rule");
  await expect(use("fetch", { url: "file:///etc/passwd" })).rejects.toThrow();
});

test("fetch goes through the proxy of the environment: plain as an ordinary request, TLS as a tunnel, and tells its refusals", async () => {
  const { use } = bench();
  const seen: string[] = [];
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url?.endsWith("/on")) return void response.writeHead(302, { location: "/there" }).end();
    if (request.url?.endsWith("/there")) return void response.end("arrived");
    response.writeHead(403, { "x-bulkhead-reason": "no-rule" }).end();
  });
  proxy.on("connect", (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
  const before = { ...process.env };
  onTestFinished(() => {
    process.env = before;
    proxy.close();
  });
  process.env = { ...before, http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, https_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, no_proxy: "localhost,127.0.0.1", NO_PROXY: "localhost,127.0.0.1" };
  expect(await use("fetch", { url: "http://site.test/on" })).toBe("200 OK\n\narrived");
  await expect(use("fetch", { url: "http://site.test/no" })).rejects.toThrow("http://site.test/no: refused: no-rule");
  await expect(use("fetch", { url: "https://site.test/" })).rejects.toThrow("not on this conversation's desk");
  expect(seen).toEqual(["GET http://site.test/on", "GET http://site.test/there", "GET http://site.test/no", "CONNECT site.test:443"]);
});
