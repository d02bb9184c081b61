/**
 * Bundles the agent: dist/agent/agent.mjs and the parts it loads on use. The sandbox sees this folder and no node_modules.
 * With it goes a compile cache, made by running the agent once: in a fresh sandbox there is nothing else that remembers compiled code.
 */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { takeBuiltinsAsObjects } from "./host.mjs";

/** The cache is found by its place beside the program, not by the program's path: that is another one inside. */
const start = `process.getBuiltinModule("node:module").enableCompileCache({ directory: decodeURIComponent(new URL("cache", import.meta.url).pathname), portable: true });
await import("./boot.mjs");
`;
/** The user inside the sandbox; Node keeps a cache apart for each user. */
const insideUser = 1000;

/** @param {{ root: string; dist: string }} places */
export async function buildAgent({ root, dist }) {
  // Built beside and put in place at the end: a sandbox that starts meanwhile finds the old agent or the new one.
  const dir = join(dist, `agent.${process.pid}`);
  mkdirSync(dir, { recursive: true });
  const bundle = await rolldown({ input: { boot: join(root, "agent/boot.ts") }, platform: "node", cwd: root, logLevel: "silent" });
  await bundle.write({
    dir, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs", minify: true,
    // CommonJS parts of the document libraries call require for Node's own modules.
    banner: "import { createRequire as bulkheadRequire } from 'node:module'; const require = bulkheadRequire(import.meta.url);",
  });
  await bundle.close();
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    writeFileSync(path, takeBuiltinsAsObjects(readFileSync(path, "utf8")));
  }
  writeFileSync(join(dir, "agent.mjs"), start);
  await warm(dir);
  rmSync(join(dist, "agent"), { recursive: true, force: true });
  renameSync(dir, join(dist, "agent"));
}

/**
 * Runs the agent as far as its first turn (no model answers) and keeps what was compiled. Without it the agent only starts slower.
 * @param {string} dir
 */
async function warm(dir) {
  const place = mkdtempSync(join(tmpdir(), "bulkhead-build-"));
  const requests = [
    ["initialize", { protocolVersion: 1, clientCapabilities: {} }],
    ["session/new", { cwd: "/", mcpServers: [], _meta: { model: "practice", folders: [], history: [] } }],
    ["session/prompt", { sessionId: "", prompt: [{ type: "text", text: "list" }] }],
  ];
  const server = createServer((socket) => {
    let session = "";
    const ask = (/** @type {number} */ id) => {
      const [method, params] = requests[id] ?? [];
      if (!method) return void socket.end();
      return void socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params: { .../** @type {object} */ (params), ...(id === 2 ? { sessionId: session } : {}) } })}\n`);
    };
    let rest = "";
    socket.on("error", () => undefined).setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const answer = JSON.parse(line);
        session ||= answer.result?.sessionId ?? "";
        if (typeof answer.id === "number") ask(answer.id + 1);
      }
    });
    ask(0);
  });
  await new Promise((resolve) => server.listen(join(place, "link"), () => resolve(undefined)));
  const child = spawn(process.execPath, [join(dir, "agent.mjs")], { stdio: "ignore", cwd: place, timeout: 20_000, env: { BULKHEAD_LINK: join(place, "link"), BULKHEAD_MODEL_URL: "http://127.0.0.1:9/v1" } });
  await new Promise((resolve) => child.once("exit", resolve));
  server.close();
  rmSync(place, { recursive: true, force: true });
  const cache = join(dir, "cache");
  // Node writes for one user alone; whoever starts the app reads it.
  for (const name of existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: "utf8" }) : []) chmodSync(join(cache, name), name.includes("/") ? 0o644 : 0o755);
  for (const name of existsSync(cache) ? readdirSync(cache) : []) renameSync(join(cache, name), join(cache, name.replace(/-[0-9a-f]+$/, `-${insideUser}`)));
}
