/** The bundled agent as a child process, the host's link on a real unix socket, a real model server. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildAgent } from "../../build/agent.mjs";
import { openLink, type Link } from "../../main/link/link.ts";
import type { Claim } from "../../main/link/updates.ts";
import { applyUpdate, type Message, type TurnUpdate } from "../../protocol/conversation.ts";
import { relayed, token } from "../greeted.ts";
import { startModel, type ModelServer, type Reply } from "./modelServer.ts";

const base = mkdtempSync(join(tmpdir(), "agent-"));
const closers: (() => void)[] = [];
beforeAll(() => buildAgent({ root: join(import.meta.dirname, "../.."), dist: base }), 60_000);
afterAll(() => rmSync(base, { recursive: true, force: true }));
afterEach(() => closers.splice(0).reverse().forEach((close) => close()));

interface Stage {
  link: Link;
  model: ModelServer;
  folder: string;
  child: ChildProcess;
  terminal(): string;
  updates: TurnUpdate[];
  claims: Claim[];
  malformed: string[];
}

async function stage(replies: Reply[]): Promise<Stage> {
  const folder = mkdtempSync(join(base, "f-"));
  const socketPath = join(folder, "../", `${folder.slice(-4)}.l`);
  const model = await startModel(replies);
  const updates: TurnUpdate[] = [];
  const claims: Claim[] = [];
  const malformed: string[] = [];
  const link = await openLink({ socketPath, token, onUpdate: (update) => updates.push(update), onClaim: (claim) => claims.push(claim), onMalformed: (message) => malformed.push(message) });
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  const front = await relayed(`${socketPath}-front`, socketPath);
  let terminal = "";
  const child = spawn(process.execPath, [join(base, "agent/agent.mjs")], { cwd: folder, env: { PATH: process.env["PATH"], BULKHEAD_LINK: `${socketPath}-front`, BULKHEAD_MODEL_URL: model.url }, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes: Buffer) => void (terminal += bytes.toString()));
  closers.push(() => child.kill("SIGKILL"), () => void front.close(), link.close, model.close);
  expect(await link.ready).toEqual({ ok: true, value: undefined });
  expect(existsSync(socketPath)).toBe(false);
  return { link, model, folder, child, terminal: () => terminal, updates, claims, malformed };
}

const begin = async ({ link, folder }: Stage, history: { role: "person" | "agent"; text: string }[] = []): Promise<void> =>
  expect(await link.start(history, { model: "practice", folders: [{ path: folder, access: "edit" }] })).toEqual({ ok: true, value: undefined });
const folded = (updates: TurnUpdate[]): Message["parts"] => updates.reduce(applyUpdate, { id: "m", turn: "t", role: "agent", at: "", parts: [] } as Message).parts;

test("a turn writes a file, shows a plan, runs a command and settles", async () => {
  const now = await stage([
    { call: "plan", input: { entries: ["Write", { content: "Check", status: "in_progress" }] } },
    { call: "write", input: { path: "notes/a.txt", text: "hello" } },
    { call: "run", input: { command: "cd notes && cat a.txt" } },
    { call: "run", input: { command: "pwd" } },
    { say: "Done." },
  ]);
  await begin(now, [{ role: "person", text: "before" }, { role: "agent", text: "answer" }]);
  expect(await now.link.prompt("go")).toEqual({ ok: true, value: "settled" });
  expect(readFileSync(join(now.folder, "notes/a.txt"), "utf8")).toBe("hello");
  const parts = folded(now.updates);
  expect(parts.filter((part) => part.type === "plan")).toEqual([{ type: "plan", entries: [{ content: "Write", status: "pending" }, { content: "Check", status: "in_progress" }] }]);
  expect(parts.filter((part) => part.type === "step").map((part) => [part.step.tool, part.step.status])).toEqual([["plan", "completed"], ["write", "completed"], ["run", "completed"], ["run", "completed"]]);
  expect(parts.find((part) => part.type === "step" && part.step.title === "pwd")).toMatchObject({ step: { output: `${now.folder}/notes\n(exit code 0)` } });
  expect(parts.at(-1)).toEqual({ type: "text", text: "Done." });
  expect(now.claims.filter((claim) => claim.tool === "write").map((claim) => claim.status)).toEqual(["in_progress", "completed"]);
  expect(now.terminal()).toContain("$ cd notes && cat a.txt\nhello");
  expect(now.model.requests[0]?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  expect(now.model.requests[0]?.model).toBe("practice");
  expect(now.model.requests[0]?.tools.map(({ name }) => name).sort()).toEqual(["append", "delete", "edit", "fetch", "list", "move", "organise", "plan", "read", "run", "search", "summarise", "write"]);
  expect(now.malformed).toEqual([]);
});

test("a picture reaches the model as a picture", async () => {
  const now = await stage([{ call: "read", input: { path: "a.png" } }, { say: "Seen." }]);
  writeFileSync(join(now.folder, "a.png"), Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64"));
  await begin(now);
  expect(await now.link.prompt("look")).toEqual({ ok: true, value: "settled" });
  expect(JSON.stringify(now.model.requests[1]?.messages)).toContain('"media_type":"image/png"');
});

test("a tool that fails is told to the model and the turn goes on", async () => {
  const now = await stage([{ call: "read", input: { path: "none.txt" } }, { call: "edit", input: { wrong: 1 } }, { call: "no_such_tool", input: {} }, { say: "Sorry." }]);
  await begin(now);
  expect(await now.link.prompt("go")).toEqual({ ok: true, value: "settled" });
  expect(folded(now.updates).flatMap((part) => (part.type === "step" ? [[part.step.tool, part.step.status]] : []))).toEqual([["read", "failed"], ["edit", "failed"], ["no_such_tool", "failed"]]);
  expect(JSON.stringify(now.model.requests[1]?.messages)).toContain('"is_error":true');
});

test("cancel ends a turn in the model's answer and in a command, and the next turn works", async () => {
  const now = await stage([{ hang: "Thinking" }, { call: "run", input: { command: "sleep 60" } }, { say: "Back." }]);
  await begin(now);
  const first = now.link.prompt("go");
  await expect.poll(() => now.updates.length).toBeGreaterThan(0);
  now.link.cancel();
  expect(await first).toEqual({ ok: true, value: "cancelled" });
  const second = now.link.prompt("again");
  await expect.poll(() => now.claims.length).toBeGreaterThan(0);
  now.link.cancel();
  expect(await second).toEqual({ ok: true, value: "cancelled" });
  expect(await now.link.prompt("once more")).toEqual({ ok: true, value: "settled" });
  expect(now.model.requests.at(-1)?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user"]);
});

test("a model error ends the turn with the model's own words", async () => {
  const now = await stage([
    { fail: 400, body: { type: "error", error: { type: "invalid_request_error", message: "The budget is used up." } } },
    { fail: 401, body: { type: "error", error: { type: "authentication_error", message: "No key is stored." } } },
  ]);
  await begin(now);
  expect(await now.link.prompt("go")).toEqual({ ok: false, problem: { code: "model-failed", message: "The model did not answer (400): The budget is used up." } });
  expect(await now.link.prompt("go")).toEqual({ ok: false, problem: { code: "no-key", message: "The model did not answer (401): No key is stored." } });
});

test("an agent that dies in a turn is a problem, not a throw", async () => {
  const now = await stage([{ hang: "…" }]);
  await begin(now);
  const turn = now.link.prompt("go");
  await expect.poll(() => now.updates.length).toBeGreaterThan(0);
  now.child.kill("SIGKILL");
  expect(await turn).toMatchObject({ ok: false, problem: { code: "agent-failed" } });
});

test("the agent answers initialize before it loads the model's library", async () => {
  const begun = performance.now();
  await stage([]);
  expect(performance.now() - begun).toBeLessThan(2000);
});

test.each(["docx", "xlsx", "pptx", "pdf"])("the bundle writes and reads %s", async (ending) => {
  const now = await stage([{ call: "write", input: { path: `a.${ending}`, text: "# Head\n\n| Item | Price |\n|---|---|\n| Tea | 3 |\n" } }, { call: "read", input: { path: `a.${ending}` } }, { say: "Done." }]);
  await begin(now);
  expect(await now.link.prompt("go")).toEqual({ ok: true, value: "settled" });
  const output = folded(now.updates).flatMap((part) => (part.type === "step" && part.step.tool === "read" ? [part.step.output] : []))[0];
  for (const word of ["Head", "Item", "Tea"]) expect(output).toContain(word);
});

test("a site that cannot be reached fails the call, not the turn", async () => {
  const now = await stage([{ call: "fetch", input: { url: "http://127.0.0.1:9/" } }, { say: "Done." }]);
  await begin(now);
  expect(await now.link.prompt("go")).toEqual({ ok: true, value: "settled" });
  expect(folded(now.updates)[0]).toMatchObject({ type: "step", step: { status: "failed" } });
});

test("the bundle turns a page into Markdown", async () => {
  const site = createServer((_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<title>T</title><h1>Head</h1><p>Some <b>words</b></p>"));
  await new Promise<void>((resolve) => void site.listen(0, "127.0.0.1", resolve));
  closers.push(() => void site.close());
  const now = await stage([{ call: "fetch", input: { url: `http://127.0.0.1:${(site.address() as AddressInfo).port}/` } }, { say: "Done." }]);
  await begin(now);
  expect(await now.link.prompt("go")).toEqual({ ok: true, value: "settled" });
  expect(folded(now.updates)[0]).toMatchObject({ type: "step", step: { status: "completed", output: expect.stringContaining("Some **words**") } });
});
