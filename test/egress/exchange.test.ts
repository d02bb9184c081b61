import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { brief, listening, proxied, say, waitFor, webServer } from "./proxied.ts";
import { greeted, relayed } from "../greeted.ts";

const run = promisify(execFile);

test("a kept connection that the server closed meanwhile is replaced, and the request is sent once more", async () => {
  const sockets: Socket[] = [];
  let served = 0;
  const port = await listening(createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined).on("data", () => {
      // The second request on a connection gets a reset, as from a server that just gave the connection up.
      if (socket.listenerCount("x") > 0) return void socket.resetAndDestroy();
      socket.on("x", () => undefined);
      served += 1;
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
  }));
  const proxy = await proxied({ rules: [`127.0.0.1:${port}`] });
  const one = `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`;
  expect(await say(proxy.socketPath, one)).toContain("\r\n\r\nok");
  expect(await say(proxy.socketPath, one)).toContain("\r\n\r\nok");
  expect([served, sockets.length, brief(proxy.events)]).toEqual([2, 2, [1, 2].map(() => ["allowed", undefined, `GET 127.0.0.1:${port}/`])]);
});

test("an answer before the upload is over comes through, and the connection goes on", async () => {
  const port = await listening(createServer((socket) => {
    socket.on("error", () => undefined).once("data", () => socket.write("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 3\r\n\r\nbig"));
  }));
  const proxy = await proxied({ rules: [`127.0.0.1:${port}`] });
  const at = `http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
  const back = await say(proxy.socketPath, `POST ${at}content-length: 3000000\r\n\r\n${"x".repeat(3_000_000)}GET http://no.test/ HTTP/1.1\r\nHost: no.test\r\nconnection: close\r\n\r\n`);
  expect(back).toContain("413 Payload Too Large");
  expect(back).toContain("x-bulkhead-reason: no-rule");
});

test("HEAD, 204, 304, 100-continue and a body on GET keep their meaning", async () => {
  const sink = await webServer((request, response, body) => {
    if (request.url === "/204") return void response.writeHead(204).end();
    if (request.url === "/304") return void response.writeHead(304, { etag: "x" }).end();
    return void response.writeHead(200, { "content-length": 5 }).end(request.method === "HEAD" ? undefined : body.slice(0, 5).padEnd(5, "."));
  });
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  const ask = (line: string, more: string): Promise<string> => say(proxy.socketPath, `${line.replace(" /", ` http://127.0.0.1:${sink.port}/`)} HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\nconnection: close\r\n${more}`);
  expect(await ask("HEAD /", "\r\n")).toMatch(/200 OK\r\n[^]*content-length: 5\r\n[^]*\r\n\r\n$/);
  expect(await ask("GET /204", "\r\n")).toMatch(/204 No Content[^]*\r\n\r\n$/);
  expect(await ask("GET /304", "\r\n")).toMatch(/304 Not Modified[^]*etag: x/);
  expect(await ask("POST /", "expect: 100-continue\r\ncontent-length: 5\r\n\r\nhello")).toMatch(/100 Continue[^]*200 OK[^]*hello$/);
  expect(await ask("GET /", "transfer-encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n")).toContain("world");
  expect(await ask("POST /", "\r\n")).toContain(".....");
  expect(sink.bodies.slice(3)).toEqual(["hello", "world", ""]);
});

test("a client that goes away ends its upstream, and what was sent is on record", async () => {
  const sink = await webServer((_request, response) => void response.write("first"));
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  await say(proxy.socketPath, `GET http://127.0.0.1:${sink.port}/ HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\n\r\n`, "first");
  await waitFor(() => proxy.events.length === 1);
  expect(brief(proxy.events)).toEqual([["allowed", "cancelled", `GET 127.0.0.1:${sink.port}/`]]);
});

test("a websocket upgrade is passed on as a plain request", async () => {
  const sink = await webServer();
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  expect(await say(proxy.socketPath, `GET http://127.0.0.1:${sink.port}/ HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`)).toContain("200 OK");
  expect(sink.heads[0]).not.toContain("Upgrade");
});

test("the socket is bound also where its path is longer than a socket's path may be, and is gone after closing", async (context) => {
  if (process.platform !== "linux") return context.skip();
  const top = mkdtempSync(join(tmpdir(), "egress-"));
  onTestFinished(() => rmSync(top, { recursive: true }));
  const directory = join(top, "d".repeat(120));
  mkdirSync(directory);
  const socketPath = join(directory, "egress.sock");
  const proxy = await proxied({ socketPath });
  expect(existsSync(socketPath)).toBe(true);
  const front = await relayed(join(top, "front.sock"), `/proc/self/fd/${openSync(directory, "r")}/egress.sock`);
  onTestFinished(() => void front.close());
  const { stdout } = await run("sh", ["-c", 'cd "$1" && curl -s -o /dev/null -w "%{http_code}" --noproxy "" --unix-socket front.sock http://x.test/', "sh", top]);
  expect(stdout).toBe("403");
  await proxy.close();
  expect(existsSync(socketPath)).toBe(false);
});

test("hundreds of idle and broken connections do not stop an honest one", async () => {
  const sink = await webServer();
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  const sockets = Array.from({ length: 300 }, (_all, index) => {
    const socket = (index % 3 === 0 ? connect(proxy.socketPath) : greeted(proxy.socketPath)).on("error", () => undefined);
    socket.write(index % 2 === 0 ? "GET http://x" : "\0\0\0");
    return socket;
  });
  expect(await say(proxy.socketPath, `GET http://127.0.0.1:${sink.port}/ HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\nconnection: close\r\n\r\n`)).toContain("200 OK");
  for (const socket of sockets) socket.destroy();
});
