import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openForbiddenPort, openTokenPorts, type TokenPorts } from "../../../main/sandbox/tokenPort.ts";

const inner = "t".repeat(64);
let place = "";
let ports: TokenPorts;
let heard: string[] = [];
let close: () => void;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "bulkhead-ports-"));
  heard = [];
  const servers = ["e", "g", "l"].map((name) => createServer((socket) => {
    const at = heard.push(`${name} `) - 1;
    socket.on("error", () => undefined).on("data", (bytes) => {
      heard[at] += bytes.toString("latin1");
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
  }).listen(join(place, name)));
  ports = await openTokenPorts({ egress: join(place, "e"), gateway: join(place, "g"), link: join(place, "l"), token: inner });
  close = () => servers.forEach((server) => server.close());
});
afterEach(async () => {
  await ports.close();
  close();
  rmSync(place, { recursive: true, force: true });
});

const token = (): string => ports.environment["BULKHEAD_MODEL_KEY"] ?? "";
const basic = (password: string): string => Buffer.from(`bulkhead:${password}`).toString("base64");

function say(kind: number, text: string): Promise<{ answer: string; socket: Socket }> {
  return new Promise((resolve) => {
    const socket = connect(ports.ports[kind] ?? 0, "127.0.0.1").on("error", () => undefined);
    let answer = "";
    const end = (): void => resolve({ answer, socket });
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      end();
    }).on("close", end);
    socket.write(text);
  });
}

test("with its token each port leads to its own socket, which is greeted and never sees the token", async () => {
  const asked = [
    await say(0, `CONNECT a:443 HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic ${basic(token())}\r\n\r\nrest`),
    await say(1, `POST /v1/messages HTTP/1.1\r\nX-Api-Key: ${token()}\r\nHost: m\r\n\r\n{}`),
    await say(2, `${token()}\n{"jsonrpc":"2.0"}\n`),
  ];
  expect(asked.map(({ answer }) => answer.slice(0, 12))).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 200"]);
  expect(heard).toEqual([`e ${inner}CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\nrest`, `g ${inner}POST /v1/messages HTTP/1.1\r\nHost: m\r\n\r\n{}`, `l ${inner}{"jsonrpc":"2.0"}\n`]);
  expect(heard.join("").includes(token())).toBe(false);
  asked.forEach(({ socket }) => socket.destroy());
});

test("without its token, with another's, with two, too long or never ending: nothing reaches a socket", async () => {
  const other = "0".repeat(48);
  const bad: [number, string, string][] = [
    [0, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 407"], [0, `GET http://a/ HTTP/1.1\r\nProxy-Authorization: Basic ${basic(other)}\r\n\r\n`, "HTTP/1.1 407"],
    [0, `GET http://a/ HTTP/1.1\r\nProxy-Authorization: Basic ${basic(token())}\r\nProxy-Authorization: Basic ${basic(other)}\r\n\r\n`, "HTTP/1.1 407"],
    [0, `GET http://a/ HTTP/1.1\r\nX-A: Proxy-Authorization: Basic ${basic(token())}\r\n\r\n`, "HTTP/1.1 407"], [0, `GET / HTTP/1.1\r\nX: ${"x".repeat(70_000)}`, "HTTP/1.1 407"],
    [1, "POST /v1/messages HTTP/1.1\r\n\r\n", "HTTP/1.1 401"], [1, `POST / HTTP/1.1\r\nx-api-key: ${token()}0\r\n\r\n`, "HTTP/1.1 401"], [1, "\r\n\r\n", "HTTP/1.1 401"],
    [2, "\n{}\n", ""], [2, `${other}\n{}\n`, ""], [2, `${token().slice(1)}\n{}\n`, ""],
  ];
  const answers = await Promise.all(bad.map(([kind, text]) => say(kind, text)));
  expect(answers.map(({ answer }) => answer.slice(0, 12))).toEqual(bad.map(([, , answer]) => answer));
  expect(heard).toEqual([]);
  expect(ports.refused()).toBe(bad.length);
  answers.forEach(({ socket }) => socket.destroy());
});

test("another launch has other ports and another token; after its end nobody listens", async () => {
  const second = await openTokenPorts({ gateway: join(place, "g"), token: inner });
  expect(second.environment["BULKHEAD_MODEL_KEY"]).not.toBe(token());
  const [port = 0] = second.ports;
  await second.close();
  const refused = await new Promise((resolve) => connect(port, "127.0.0.1").once("error", () => resolve(true)).once("connect", () => resolve(false)));
  expect(refused).toBe(true);
});

test("the port that nobody inside may reach counts who reached it, its own control left out", async () => {
  const forbidden = await openForbiddenPort();
  expect(forbidden.reached()).toBe(0);
  await new Promise((resolve) => connect(forbidden.port, "127.0.0.1").resume().once("close", resolve));
  expect(forbidden.reached()).toBe(1);
  forbidden.close();
});
