import { execFile, spawnSync } from "node:child_process";
import { createServer as createHttp } from "node:http";
import { createServer } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { createAuthority } from "../../main/egress/authority.ts";
import { brief, listening, proxied, say, waitFor, webServer, type Proxied } from "./proxied.ts";
import { greeted } from "../greeted.ts";

const run = promisify(execFile);

/** The loopback port that a sandbox sees in place of the socket. */
async function bridge(socketPath: string): Promise<number> {
  return await listening(createServer((socket) => {
    const other = greeted(socketPath);
    socket.pipe(other).pipe(socket);
    socket.on("error", () => other.destroy());
    other.on("error", () => socket.destroy());
  }));
}

/** A TLS web server with its own test authority; returns the authority's certificate. */
async function tlsServer(host: string): Promise<{ port: number; root: string; raw: Buffer[] }> {
  const authority = await createAuthority(new Date());
  const secureContext = await authority.contextFor(host);
  const raw: Buffer[] = [];
  const http = createHttp((_request, response) => response.end("over tls"));
  const port = await listening(createServer((socket) => {
    socket.once("data", (chunk) => raw.push(chunk));
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    secured.on("error", () => socket.destroy());
    http.emit("connection", secured);
  }));
  return { port, root: authority.certificate, raw };
}

const connectTo = (host: string, port: number): string => `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`;

/** The bytes of a ClientHello as a real client makes them. */
async function clientHello(servername: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const port = await listening(createServer((socket) => socket.on("data", (chunk) => {
    chunks.push(chunk);
    socket.destroy();
  })));
  const client = connectTls({ host: "127.0.0.1", port, servername });
  client.on("error", () => undefined);
  await waitFor(() => chunks.length > 0);
  return Buffer.concat(chunks);
}

test("a closed tunnel passes bytes both ways, waits for no one, and counts them", async () => {
  const port = await listening(createServer({ allowHalfOpen: true }, (socket) => {
    socket.write("220 ready\r\n");
    let got = "";
    socket.on("data", (chunk) => (got += chunk.toString()));
    socket.on("end", () => socket.end(`got ${got.length}`));
  }));
  const proxy = await proxied({ rules: [`127.0.0.1:${port}`] });
  const socket = greeted(proxy.socketPath, true);
  let back = "";
  socket.on("data", (chunk) => (back += chunk.toString()));
  socket.write(connectTo("127.0.0.1", port));
  await waitFor(() => back.includes("220 ready"));
  socket.end("x".repeat(50_000));
  await waitFor(() => back.endsWith("got 50000"));
  await waitFor(() => proxy.events.length === 1);
  expect(proxy.events[0]).toMatchObject({ outcome: "allowed", detail: { host: "127.0.0.1", port, method: "CONNECT", bytesOut: 50_000, bytesIn: 20, rule: `127.0.0.1:${port}` } });
});

test("curl through a bridge reaches an allowed server over http and over tls, and is told why not elsewhere", async () => {
  const sink = await webServer();
  const server = await tlsServer("127.0.0.1");
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`, `127.0.0.1:${server.port}`] });
  const port = await bridge(proxy.socketPath);
  const curl = async (...more: string[]): Promise<string> => (await run("curl", ["-sS", "-k", "--noproxy", "", "--proxy", `http://127.0.0.1:${port}`, ...more])).stdout;
  expect(await curl(`http://127.0.0.1:${sink.port}/`)).toBe("hello from upstream");
  expect(await curl(`https://127.0.0.1:${server.port}/`)).toBe("over tls");
  expect(await curl("-i", "http://evil.test/")).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*no-rule: evil\.test:80 is not among the sites of this conversation\n$/);
  await expect(curl("https://evil.test/")).rejects.toThrow(/CONNECT tunnel failed, response 403/);
  await waitFor(() => proxy.events.length === 4);
  expect(new Set(proxy.events.map((event) => event.outcome))).toEqual(new Set(["allowed", "refused"]));
});

/** On a port that is not 443 the same check applies to whatever begins like TLS; 443 itself cannot be bound here. */
async function tunnelled(proxy: Proxied, port: number, bytes: Buffer | string): Promise<string> {
  return await say(proxy.socketPath, Buffer.concat([Buffer.from(connectTo("127.0.0.1", port)), Buffer.from(bytes)]));
}

test("what begins like TLS for another host is closed and recorded as refused; the server gets no byte of it", async () => {
  const got: Buffer[] = [];
  const port = await listening(createServer((socket) => void socket.on("data", (chunk) => got.push(chunk)).on("error", () => undefined)));
  const proxy = await proxied({ rules: [`127.0.0.1:${port}`] });
  const other = await clientHello("other.test");
  const oddVersion = Buffer.from(other);
  oddVersion[2] = 4;
  for (const bytes of [other, oddVersion, Buffer.from([22, 3, 1, 0, 0])]) expect(await tunnelled(proxy, port, bytes)).toBe("HTTP/1.1 200 Connection established\r\n\r\n");
  expect(brief(proxy.events)).toEqual([1, 2, 3].map(() => ["refused", "bad-request", `CONNECT 127.0.0.1:${port}`]));
  expect(Buffer.concat(got).length).toBe(0);
});

/** Whoever may not bind the port here may in a network namespace of his own: the same test once more, there. */
function onceMoreInOwnNetwork(name: string): void {
  const up = "import fcntl,socket,struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 1))";
  const words = ["-Urn", "/bin/sh", "-c", 'python3 -c "$0" && exec "$@"', up, process.execPath, join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs"), "run", "--project", "unit", "test/egress/tunnel.test.ts", "-t", name];
  const ran = spawnSync("/usr/bin/unshare", words, { cwd: join(import.meta.dirname, "../.."), encoding: "utf8", env: { ...process.env, NO_COLOR: "1", OWN_NETWORK: "1" } });
  expect({ status: ran.status, passed: /Tests\s+1 passed/.test(ran.stdout) }, ran.stdout + ran.stderr).toEqual({ status: 0, passed: true });
}

const onlyTls = "port 443 of an address carries TLS only: clear text is closed and the server gets no byte of it";
test(onlyTls, async () => {
  const got: Buffer[] = [];
  const server = createServer((socket) => void socket.on("data", (chunk) => got.push(chunk)).on("error", () => undefined));
  const bound = await new Promise((resolve) => void server.once("error", () => resolve(false)).listen(443, "127.43.0.1", () => resolve(true)));
  if (bound !== true) {
    expect(process.env["OWN_NETWORK"], "the port can be bound in a network of one's own").toBeUndefined();
    return onceMoreInOwnNetwork(onlyTls);
  }
  onTestFinished(() => void server.close());
  const proxy = await proxied({ rules: ["127.43.0.1:443"] });
  const hello = await clientHello("other.test");
  for (const bytes of [hello, "GET / HTTP/1.1\r\nHost: 127.43.0.1\r\n\r\n", "SSH-2.0-x\r\n"]) {
    expect(await say(proxy.socketPath, Buffer.concat([Buffer.from(connectTo("127.43.0.1", 443)), Buffer.from(bytes)]))).toBe("HTTP/1.1 200 Connection established\r\n\r\n");
  }
  expect(brief(proxy.events)).toEqual([1, 2, 3].map(() => ["refused", "bad-request", "CONNECT 127.43.0.1:443"]));
  expect(Buffer.concat(got).length).toBe(0);
});

test("a rule taken back cuts an open tunnel", async () => {
  const port = await listening(createServer((socket) => void socket.on("error", () => undefined).write("ready")));
  const proxy = await proxied({ rules: [`127.0.0.1:${port}`] });
  const open = say(proxy.socketPath, `${connectTo("127.0.0.1", port)}hello`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  proxy.rules.pop();
  expect(await open).toContain("ready");
  expect(proxy.events).toMatchObject([{ outcome: "allowed", reason: "no-rule", detail: { bytesOut: 5, bytesIn: 5 } }]);
});
