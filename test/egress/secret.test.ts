import { createServer as createHttp, request as send } from "node:http";
import { createServer } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { SecretBinding } from "../../protocol/rule.ts";
import { createAuthority } from "../../main/egress/authority.ts";
import { brief, listening, proxied, say, waitFor, webServer, type Proxied, type Wishes } from "./proxied.ts";
import { greeted } from "../greeted.ts";

const placeholder = "bulkhead-0123456789abcdef";
const real = "s3cr3t/value+that must\"not leak";
const bound = (port: number): SecretBinding => ({ name: "site", host: "127.0.0.1", ports: [port], placeholder });
const withSecret = (port: number, more: Partial<Wishes> = {}): Wishes => ({ rules: [`127.0.0.1:${port}`], secrets: [bound(port)], values: { site: real }, ...more });
const get = (port: number, headers: string, path = "/"): string => `GET http://127.0.0.1:${port}${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}connection: close\r\n\r\n`;
const basic = (value: string): string => `Basic ${Buffer.from(`user:${value}`, "latin1").toString("base64")}`;

const echo = () => webServer((request, response) => {
  response.setHeader("x-echo", String(request.headers["authorization"]));
  response.write(`plain ${request.headers["authorization"]} key ${request.headers["x-key"]} url ${encodeURIComponent(real)} `);
  // Across a chunk border.
  response.write(real.slice(0, 7));
  setTimeout(() => response.end(`${real.slice(7)} end`), 30);
});

test("over plain http the bound host gets the real value in header values, also inside Basic, and it does not come back", async () => {
  const sink = await echo();
  const proxy = await proxied(withSecret(sink.port));
  const back = await say(proxy.socketPath, get(sink.port, `authorization: ${basic(placeholder)}\r\nx-key: Bearer ${placeholder}, ${placeholder}\r\n`, `/?q=${placeholder}`));
  expect(sink.heads[0]).toEqual([`GET /?q=${placeholder}`, "Host", `127.0.0.1:${sink.port}`, "authorization", basic(real), "x-key", `Bearer ${real}, ${real}`, "accept-encoding", "identity", "Connection", "keep-alive"]);
  for (const form of [real, basic(real).slice(6), encodeURIComponent(real), Buffer.from(real).toString("base64").replace(/=+$/, "")]) expect(back).not.toContain(form);
  expect(back).toContain(`x-echo: ${basic(placeholder)}`);
  expect(back).toContain(`key Bearer ${placeholder}, ${placeholder} url ${placeholder} `);
  // The body without its chunk sizes.
  expect(back.replace(/\r\n(?:[0-9a-f]+\r\n)?/g, "")).toContain(`${placeholder} end`);
  expect(brief(proxy.events)).toEqual([["secret.used", "allowed", { name: "site", host: "127.0.0.1" }], ["allowed", undefined, `GET 127.0.0.1:${sink.port}/?q=${placeholder}`]]);
  expect(JSON.stringify(proxy.events)).not.toContain(JSON.stringify(real).slice(1, -1));
});

test("towards another host or another port the placeholder stays what it is", async () => {
  const [mine, other] = [await echo(), await webServer()];
  const proxy = await proxied(withSecret(mine.port, { rules: [`127.0.0.1:${mine.port}`, `127.0.0.1:${other.port}`] }));
  await say(proxy.socketPath, get(other.port, `authorization: ${basic(placeholder)}\r\nx-key: ${placeholder}\r\n`));
  expect(other.heads[0]).toEqual(["GET /", "Host", `127.0.0.1:${other.port}`, "authorization", basic(placeholder), "x-key", placeholder, "Connection", "keep-alive"]);
  expect(proxy.events.map((event) => event.kind)).toEqual(["network.requested"]);
});

test("a binding opens no host, and a secret that is gone sends nothing", async () => {
  const sink = await echo();
  const closed = await proxied(withSecret(sink.port, { rules: [] }));
  expect(await say(closed.socketPath, get(sink.port, `x-key: ${placeholder}\r\n`))).toContain("x-bulkhead-reason: no-rule");
  const gone = await proxied(withSecret(sink.port, { values: {} }));
  expect(await say(gone.socketPath, get(sink.port, `x-key: ${placeholder}\r\n`))).toMatch(/403 Forbidden[^]*x-bulkhead-reason: no-key: the secret site is not available/);
  const odd = await proxied(withSecret(sink.port, { values: { site: "line\r\nx: break" } }));
  expect(await say(odd.socketPath, get(sink.port, `x-key: ${placeholder}\r\n`))).toContain("x-bulkhead-reason: no-key");
  expect(sink.connections).toBe(0);
});

test("a compressed echo is searched too, and a coding that cannot be searched does not come back", async () => {
  const coding = { name: "gzip" };
  const sink = await webServer((request, response) => response.writeHead(200, { "content-encoding": coding.name }).end(gzipSync(`got ${request.headers["x-key"]}`)));
  const proxy = await proxied(withSecret(sink.port));
  const ask = get(sink.port, `x-key: ${placeholder}\r\naccept-encoding: gzip\r\nrange: bytes=0-3\r\n`);
  expect(await say(proxy.socketPath, ask)).toContain(`got ${placeholder}`);
  expect(sink.heads[0]).not.toContain("range");
  coding.name = "unknown";
  expect(await say(proxy.socketPath, ask)).toMatch(/^HTTP\/1\.1 502 Bad Gateway/);
});

/** An https server whose certificate comes from a test authority. */
async function secureEcho(host = "127.0.0.1"): Promise<{ port: number; root: string; heads: string[][] }> {
  const authority = await createAuthority(new Date());
  const secureContext = await authority.contextFor(host);
  const heads: string[][] = [];
  const http = createHttp((request, response) => {
    heads.push([`${request.method} ${request.url}`, ...request.rawHeaders]);
    response.end(`got ${request.headers["x-key"]}`);
  });
  const port = await listening(createServer((socket) => {
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    secured.on("error", () => socket.destroy());
    http.emit("connection", secured);
  }));
  return { port, root: authority.certificate, heads };
}

/** Opens a tunnel and speaks TLS in it, trusting what the sandbox would trust. */
async function tlsThrough(proxy: Proxied, port: number, options: { servername?: string; alpn?: string[] } = {}): Promise<TLSSocket> {
  const raw = greeted(proxy.socketPath);
  raw.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  await new Promise<void>((resolve, reject) => raw.once("data", (chunk) => (chunk.toString().startsWith("HTTP/1.1 200") ? resolve() : reject(new Error(chunk.toString())))));
  const secured = connectTls({ socket: raw, host: "127.0.0.1", ca: proxy.trustBundle ?? "", ...(options.servername === undefined ? {} : { servername: options.servername }), ...(options.alpn ? { ALPNProtocols: options.alpn } : {}) });
  await new Promise<void>((resolve, reject) => secured.once("secureConnect", resolve).once("error", reject).once("close", () => reject(new Error("closed"))));
  return secured;
}

async function ask(socket: TLSSocket, text: string, until: string): Promise<string> {
  let back = "";
  socket.on("data", (chunk: Buffer) => (back += chunk.toString()));
  socket.write(text);
  await waitFor(() => back.includes(until) || socket.destroyed);
  socket.removeAllListeners("data");
  return back;
}

test("over https the tunnel is opened with the conversation's own authority, each request inside is decided anew, and the value is swapped and taken out again", async () => {
  const server = await secureEcho();
  const proxy = await proxied(withSecret(server.port, { options: { roots: [server.root] } }));
  const socket = await tlsThrough(proxy, server.port, { alpn: ["h2", "http/1.1"] });
  expect(socket.getPeerCertificate().issuer.CN).toMatch(/^Bulkhead conversation /);
  const head = (path: string, host = `127.0.0.1:${server.port}`): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nx-key: ${placeholder}\r\n\r\n`;
  expect(await ask(socket, head("/one"), "got ")).toContain(`got ${placeholder}`);
  expect(await ask(socket, head("/two"), "got ")).toContain(`got ${placeholder}`);
  expect(await ask(socket, head("/three", "other.test"), "403")).toMatch(/403 Forbidden[^]*bad-request/);
  expect(server.heads.map((one) => one.slice(0, 5))).toEqual(["/one", "/two"].map((path) => [`GET ${path}`, "Host", `127.0.0.1:${server.port}`, "x-key", real]));
  socket.destroy();
  proxy.rules.pop();
  await expect(tlsThrough(proxy, server.port)).rejects.toThrow(/403 Forbidden[^]*no-rule/);
  expect(brief(proxy.events).filter((event) => (event as unknown[])[0] !== "secret.used")).toEqual([
    ["allowed", undefined, `GET 127.0.0.1:${server.port}/one`], ["allowed", undefined, `GET 127.0.0.1:${server.port}/two`],
    ["refused", "bad-request", `GET 127.0.0.1:${server.port}/three`], ["refused", "no-rule", `CONNECT 127.0.0.1:${server.port}`],
  ]);
});

test("an upstream whose certificate is not trusted, or is for another host, gets nothing", async () => {
  const [unknown, wrong] = [await secureEcho(), await secureEcho("10.9.9.9")];
  for (const [server, roots] of [[unknown, []], [wrong, [wrong.root]]] as const) {
    const proxy = await proxied(withSecret(server.port, { options: { roots } }));
    const socket = await tlsThrough(proxy, server.port);
    expect(await ask(socket, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nx-key: ${placeholder}\r\n\r\n`, "502")).toContain("502 Bad Gateway");
    socket.destroy();
    expect(server.heads).toEqual([]);
    expect(brief(proxy.events).at(-1)).toEqual(["failed", "upstream-failed", `GET 127.0.0.1:${server.port}/`]);
  }
});

test("a tunnel to a host with a secret that names another host is closed and recorded as refused", async () => {
  const server = await secureEcho();
  const proxy = await proxied(withSecret(server.port, { options: { roots: [server.root] } }));
  await expect(tlsThrough(proxy, server.port, { servername: "other.test" })).rejects.toThrow();
  await waitFor(() => proxy.events.length === 1);
  expect(brief(proxy.events)).toEqual([["refused", "bad-request", `CONNECT 127.0.0.1:${server.port}`]]);
});

test("plain http inside a tunnel to a bound host is served as http, with the value swapped", async () => {
  const sink = await echo();
  const proxy = await proxied(withSecret(sink.port));
  const back = await say(proxy.socketPath, `CONNECT 127.0.0.1:${sink.port} HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\n\r\nGET /in HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\nx-key: ${placeholder}\r\nconnection: close\r\n\r\n`);
  expect(back).toContain(`key ${placeholder}`);
  expect(back).not.toContain(real);
  expect(sink.heads[0]).toContain(real);
});

test("the trust bundle exists only where there are secrets, and holds the system's roots and one authority per broker", async () => {
  const [none, one, two] = [await proxied({}), await proxied(withSecret(1)), await proxied(withSecret(1))];
  expect(none.trustBundle).toBeUndefined();
  expect(one.trustBundle?.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(50);
  expect(one.trustBundle).not.toContain("PRIVATE KEY");
  expect(one.trustBundle).not.toBe(two.trustBundle);
});

test("an upload to a bound host streams through the opened tunnel", async () => {
  const server = await secureEcho();
  const proxy = await proxied(withSecret(server.port, { options: { roots: [server.root] } }));
  const socket = await tlsThrough(proxy, server.port);
  const text = await new Promise<string>((resolve, reject) => {
    const request = send({ createConnection: () => socket, method: "POST", path: "/up", headers: { host: `127.0.0.1:${server.port}`, "x-key": placeholder } }, (response) => {
      response.setEncoding("utf8").on("data", resolve);
    });
    request.on("error", reject);
    request.write("x".repeat(100_000));
    request.end("y");
  });
  expect(text).toBe(`got ${placeholder}`);
  socket.destroy();
  await waitFor(() => proxy.events.length === 2);
  expect(proxy.events[1]).toMatchObject({ outcome: "allowed", detail: { method: "POST", path: "/up" } });
});
