import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openBrowserDoor, type BrowserDoor } from "../../main/browser/browserDoor.ts";
import { createFakeCore, type FakeCore } from "../renderer/fakeCore.ts";
import { openWire, visit } from "./visitor.ts";

let directory: string;
let core: FakeCore;
let door: BrowserDoor;
let port: number;
let token: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "bulkhead-door-"));
  mkdirSync(join(directory, "page/assets"), { recursive: true });
  writeFileSync(join(directory, "page/index.html"), "<!doctype html>page");
  writeFileSync(join(directory, "page/assets/a.js"), "1");
  writeFileSync(join(directory, "secret.html"), "outside");
  symlinkSync(join(directory, "secret.html"), join(directory, "page/link.html"));
  core = createFakeCore();
  const opened = await openBrowserDoor({ core, pageDirectory: join(directory, "page") });
  if (!opened.ok) throw new Error(opened.problem.message);
  door = opened.value;
  const address = new URL(door.address);
  port = Number(address.port);
  token = address.hash.slice(1);
});

afterEach(async () => {
  await door.close();
  rmSync(directory, { recursive: true });
});

test("the page comes with a strict policy and without being stored", async () => {
  const reply = await visit({ port });
  expect({ status: reply.status, body: reply.body, type: reply.headers["content-type"], sniff: reply.headers["x-content-type-options"], store: reply.headers["cache-control"], referrer: reply.headers["referrer-policy"] }).toEqual({
    status: 200, body: "<!doctype html>page", type: "text/html; charset=utf-8", sniff: "nosniff", store: "no-store", referrer: "no-referrer",
  });
  const policy = String(reply.headers["content-security-policy"]);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  expect(policy).not.toContain("*");
});

test("the token opens the wire once and never again", async () => {
  const first = await openWire({ port, token });
  expect(first.status).toBe(101);
  expect((await openWire({ port, token })).status).toBe(401);
  first.socket.terminate();
  expect((await openWire({ port, token })).status).toBe(401);
});

test("the session that the token bought opens it again; it is HttpOnly and SameSite=Strict", async () => {
  const first = await openWire({ port, token });
  expect(first.cookie).toMatch(new RegExp(`^bulkhead-${port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`));
  const pair = first.cookie?.split(";")[0] ?? "";
  const second = await openWire({ port, cookie: pair });
  expect(second.status).toBe(101);
  expect(second.cookie).toBeUndefined();
  expect((await openWire({ port, cookie: `${pair}x` })).status).toBe(401);
});

test("without a token, with a wrong one or an empty one, nothing opens, and the right one is not spent by that", async () => {
  const statuses = await Promise.all([openWire({ port }), openWire({ port, token: "x".repeat(43) }), openWire({ port, token: "" })]);
  expect(statuses.map((one) => one.status).every((status) => status !== 101)).toBe(true);
  expect((await openWire({ port, token })).status).toBe(101);
});

test("a foreign Host is refused for pages and the wire: a name that resolves to loopback opens nothing", async () => {
  for (const host of ["evil.example", `evil.example:${port}`, `localhost:${port}`, "127.0.0.1", `127.0.0.1:${port}.evil.example`, ""]) {
    expect((await visit({ port, host })).status).not.toBe(200);
    if (host !== "") expect((await openWire({ port, token, host })).status).toBe(421);
  }
});

test("a foreign Origin, or none, opens no wire; a foreign site gets no page", async () => {
  for (const origin of ["http://evil.example", "null", `https://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`, `http://localhost:${port}`, ""]) {
    expect((await openWire({ port, token, origin })).status).toBe(403);
  }
  expect((await visit({ port, headers: { origin: "http://evil.example" } })).status).toBe(403);
  expect((await visit({ port, headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
  expect((await visit({ port, headers: { "sec-fetch-site": "same-site" } })).status).toBe(403);
  expect((await visit({ port, headers: { "sec-fetch-site": "none" } })).status).toBe(200);
});

test("no path leads out of the page's directory, and no link in it is followed", async () => {
  for (const path of ["/../secret.html", "/%2e%2e/secret.html", "/assets/../../secret.html", "/..%2fsecret.html", "//etc/passwd", "/assets/..\\..\\secret.html", "/link.html", "/assets", "/index.html/", "/\0"].map((one) => one.replace("\0", "%00"))) {
    const reply = await visit({ port, path });
    expect({ path, status: reply.status, out: reply.body.includes("outside") }).toEqual({ path, status: 404, out: false });
  }
  expect((await visit({ port, path: "/assets/a.js" })).body).toBe("1");
});

test("only reading is answered", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) expect((await visit({ port, method })).status).toBe(405);
});

test("it listens on 127.0.0.1 and nowhere else", () => {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const listening = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/net/${name}`, "utf8").split("\n").map((line) => line.trim().split(/\s+/)))
    .filter((columns) => columns[3] === "0A" && columns[1]?.endsWith(`:${hex}`)).map((columns) => columns[1]);
  expect(listening).toEqual([`0100007F:${hex}`]);
});

test("calls are answered by their id, pushes arrive", async () => {
  const { socket } = await openWire({ port, token });
  const frames: unknown[] = [];
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString())));
  socket.send(JSON.stringify({ id: 7, call: "settings.get", input: {} }));
  await expect.poll(() => frames.length).toBe(1);
  core.push({ push: "changed", conversation: "abcdefghijkl", what: "changes" });
  await expect.poll(() => frames).toEqual([
    { id: 7, output: { language: "system", theme: "system", model: "practice", welcomed: true } },
    { push: "changed", conversation: "abcdefghijkl", what: "changes" },
  ]);
});

test("a frame that is not understood, binary or too large ends the connection before anything is asked of the core", async () => {
  const { cookie, socket } = await openWire({ port, token });
  socket.terminate();
  const pair = cookie?.split(";")[0] ?? "";
  for (const frame of ["nonsense", "[]", JSON.stringify({ id: 1, call: "shell.run", input: {} }), JSON.stringify({ id: 1, call: "constructor", input: {} }), Buffer.from("{}"), `"${"x".repeat(2 * 1024 * 1024)}"`]) {
    const opened = await openWire({ port, cookie: pair });
    const closed = new Promise<number>((resolve) => opened.socket.on("close", resolve));
    opened.socket.send(frame);
    expect([1008, 1009]).toContain(await closed);
  }
  expect(core.asked).toEqual([]);
});

test("a door that is closed lets its connections go and answers no more", async () => {
  const { socket } = await openWire({ port, token });
  const closed = new Promise((resolve) => socket.on("close", resolve));
  await door.close();
  await closed;
  await expect(visit({ port })).rejects.toThrow();
});

test("a missing page and a taken port are said in words", async () => {
  const missing = await openBrowserDoor({ core, pageDirectory: join(directory, "nowhere") });
  const taken = await openBrowserDoor({ core, pageDirectory: join(directory, "page"), port });
  expect([missing.ok || missing.problem.code, taken.ok || taken.problem.code]).toEqual(["damaged", "busy"]);
});
