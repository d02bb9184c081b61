import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { brief, proxied, rule, say, waitFor, webServer } from "./proxied.ts";

const get = (port: number, path = "/", more = ""): string => `GET http://127.0.0.1:${port}${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}connection: close\r\n\r\n`;

test("an allowed request reaches the server, its answer comes back, and one event tells both", async () => {
  const sink = await webServer((_request, response) => response.writeHead(201, { "x-there": "yes" }).end("hello"));
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  const back = await say(proxy.socketPath, get(sink.port, "/a?b=c", "proxy-authorization: Basic Zm9v\r\nx-mine: 1\r\nconnection: x-hop\r\nx-hop: 1\r\n"));
  expect(back).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
  expect(back).toContain("x-there: yes\r\n");
  expect(back).toContain("hello");
  expect(sink.heads).toEqual([["GET /a?b=c", "Host", `127.0.0.1:${sink.port}`, "x-mine", "1", "Connection", "keep-alive"]]);
  expect(brief(proxy.events)).toEqual([["allowed", undefined, `GET 127.0.0.1:${sink.port}/a?b=c`]]);
  expect(proxy.events[0]).toMatchObject({ conversation: "conversation", turn: "turn", actor: "agent", evidence: "observed", detail: { rule: `127.0.0.1:${sink.port}` } });
  expect(statSync(proxy.socketPath).mode & 0o777).toBe(0o600);
});

test("what is sent and received is counted, whatever its framing", async () => {
  const sink = await webServer((_request, response) => response.end("y".repeat(300_000)));
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  await say(proxy.socketPath, `POST http://127.0.0.1:${sink.port}/ HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\nconnection: close\r\ncontent-length: 100000\r\n\r\n${"x".repeat(100_000)}`);
  await say(proxy.socketPath, `PUT http://127.0.0.1:${sink.port}/ HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`);
  expect(sink.bodies.map((body) => body.length)).toEqual([100_000, 3]);
  const [first, second] = proxy.events.map((event) => (event.kind === "network.requested" ? event.detail : undefined));
  expect(first?.bytesOut).toBeGreaterThan(100_000);
  expect(first?.bytesOut).toBeLessThan(100_300);
  expect(first?.bytesIn).toBeGreaterThan(300_000);
  expect(second?.bytesOut).toBeLessThan(300);
});

test("without a rule nothing leaves: 403, the reason in the body and the header, no lookup, no connection", async () => {
  const sink = await webServer();
  const looked: string[] = [];
  const proxy = await proxied({ options: { resolve: async (name) => (looked.push(name), ["127.0.0.1"]) } });
  const back = await say(proxy.socketPath, get(sink.port));
  expect(back).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(back).toContain(`x-bulkhead-reason: no-rule: 127.0.0.1:${sink.port} is not among the sites of this conversation\r\n`);
  expect(back.endsWith(`\r\n\r\nno-rule: 127.0.0.1:${sink.port} is not among the sites of this conversation\n`)).toBe(true);
  expect(await say(proxy.socketPath, "GET http://secret-label.evil.test/ HTTP/1.1\r\nHost: secret-label.evil.test\r\nconnection: close\r\n\r\n")).toContain("403 Forbidden");
  expect(await say(proxy.socketPath, "CONNECT secret-label.evil.test:443 HTTP/1.1\r\nHost: secret-label.evil.test:443\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*x-bulkhead-reason: no-rule/);
  expect({ looked, connections: sink.connections }).toEqual({ looked: [], connections: 0 });
  expect(brief(proxy.events)).toEqual([
    ["refused", "no-rule", `GET 127.0.0.1:${sink.port}/`],
    ["refused", "no-rule", "GET secret-label.evil.test:80/"],
    ["refused", "no-rule", "CONNECT secret-label.evil.test:443"],
  ]);
});

test("each request on a kept connection is decided anew, also when the rules change meanwhile", async () => {
  const sink = await webServer();
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  const one = `GET http://127.0.0.1:${sink.port}/ HTTP/1.1\r\nHost: 127.0.0.1:${sink.port}\r\n\r\n`;
  const back = await say(proxy.socketPath, `${one}GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n${get(sink.port)}`);
  expect([...back.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(["200", "403", "200"]);
  proxy.rules.pop();
  expect(await say(proxy.socketPath, get(sink.port))).toContain("403 Forbidden");
  proxy.rules.push(rule(`127.0.0.1:${sink.port}`));
  expect(await say(proxy.socketPath, get(sink.port))).toContain("200 OK");
});

test("a name that leads to an address off the internet is refused although a rule names it, and although another rule names that address", async () => {
  const sink = await webServer();
  for (const address of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1", "100.64.0.1", "64:ff9b::7f00:1", "224.0.0.1", "nonsense"]) {
    const proxy = await proxied({ rules: [`ok.test:${sink.port}`, `127.0.0.1:${sink.port}`], options: { resolve: async () => ["93.184.216.34", address] } });
    expect(await say(proxy.socketPath, `GET http://ok.test:${sink.port}/ HTTP/1.1\r\nHost: ok.test:${sink.port}\r\nconnection: close\r\n\r\n`)).toMatch(/403 Forbidden[^]*x-bulkhead-reason: address-not-allowed/);
    expect(await say(proxy.socketPath, `CONNECT ok.test:${sink.port} HTTP/1.1\r\nHost: ok.test:${sink.port}\r\n\r\n`)).toMatch(/403 Forbidden[^]*x-bulkhead-reason: address-not-allowed/);
    expect(brief(proxy.events)).toEqual([["refused", "address-not-allowed", `GET ok.test:${sink.port}/`], ["refused", "address-not-allowed", `CONNECT ok.test:${sink.port}`]]);
  }
  expect(sink.connections).toBe(0);
});

test("an allowed upstream that does not answer is 502 and failed", async () => {
  const proxy = await proxied({ rules: ["127.0.0.1:9", "nowhere.test"], options: { resolve: () => Promise.reject(new Error("ENOTFOUND")) } });
  expect(await say(proxy.socketPath, get(9))).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n[^]*x-bulkhead-reason: upstream-failed/);
  expect(await say(proxy.socketPath, "CONNECT 127.0.0.1:9 HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 Bad Gateway/);
  expect(await say(proxy.socketPath, "CONNECT nowhere.test:443 HTTP/1.1\r\nHost: nowhere.test:443\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 Bad Gateway/);
  expect(brief(proxy.events)).toEqual([["failed", "upstream-failed", "GET 127.0.0.1:9/"], ["failed", "upstream-failed", "CONNECT 127.0.0.1:9"], ["failed", "upstream-failed", "CONNECT nowhere.test:443"]]);
});

test("a redirect goes back to the asker and is not followed", async () => {
  const sink = await webServer((_request, response) => response.writeHead(302, { location: "http://169.254.169.254/" }).end());
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  expect(await say(proxy.socketPath, get(sink.port))).toMatch(/302 Found[^]*location: http:\/\/169\.254\.169\.254\//);
  expect(sink.heads.length).toBe(1);
});

test("ambiguous and malformed requests are refused, recorded, and never reach the server", async () => {
  const sink = await webServer();
  const at = `127.0.0.1:${sink.port}`;
  const proxy = await proxied({ rules: [at] });
  const bad = [
    `GET http://${at}/ HTTP/1.1\r\nHost: other.test\r\n\r\n`,
    `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nHost: ${at}\r\n\r\n`,
    `GET http://${at}/ HTTP/1.1\r\n\r\n`,
    `GET http://127.0.0.1.:${sink.port}/ HTTP/1.1\r\nHost: 127.0.0.1.:${sink.port}\r\n\r\n`,
    `GET http://ok.test@${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
    `GET http://127.1:${sink.port}/ HTTP/1.1\r\nHost: 127.1:${sink.port}\r\n\r\n`,
    `GET http://${at}/#x HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
    `GET http://${at}\\@evil.test/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
    `GET /direct HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
    `GET https://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
    `GET file:///etc/passwd HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
    `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nx: a\0b\r\n\r\n`,
    `GET http://127.0.0.1%00.evil.test/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
    `POST http://${at}/ HTTP/1.1\r\nHost: ${at}\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST http://${at}/ HTTP/1.1\r\nHost: ${at}\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd`,
    `POST http://${at}/ HTTP/1.1\r\nHost: ${at}\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `GET http://${at}/ HTTP/1.1\r\nHost : ${at}\r\n\r\n`,
    `GET http://${at}/ HTTP/1.1\nHost: ${at}\n\n`,
    `CONNECT ${at} HTTP/1.1\r\nHost: other.test:${sink.port}\r\n\r\n`,
    `CONNECT 127.0.0.1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    `CONNECT 0x7f.1:${sink.port} HTTP/1.1\r\nHost: 0x7f.1:${sink.port}\r\n\r\n`,
    "\x16\x03\x01\x00\x05hello",
    "SSH-2.0-x\r\n",
  ];
  for (const text of bad) expect([text, await say(proxy.socketPath, text)]).toEqual([text, expect.stringMatching(/^HTTP\/1\.1 403 Forbidden\r\n[^]*x-bulkhead-reason: bad-request/)]);
  expect(proxy.events.map((event) => [event.outcome, event.reason])).toEqual(bad.map(() => ["refused", "bad-request"]));
  expect(sink.connections).toBe(0);
});

test("where nothing can be recorded, nothing is let out", async () => {
  const sink = await webServer();
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`], options: { record: () => { throw new Error("disk full"); } } });
  await say(proxy.socketPath, get(sink.port));
  const before = sink.heads.length;
  expect(await say(proxy.socketPath, get(sink.port))).toMatch(/403 Forbidden[^]*disk-full/);
  expect(sink.heads.length).toBe(before);
});

test("rules that are no rules allow nothing", async () => {
  const sink = await webServer();
  const odd: unknown[] = [[], undefined, null, "", [""], ["*"], { host: "127.0.0.1", ports: [sink.port] }, [{ host: "*", ports: [sink.port], source: "*" }], [{ host: "127.0.0.1", port: sink.port }]];
  for (const rules of odd) {
    const proxy = await proxied({ options: { rules: () => rules as never } });
    expect(await say(proxy.socketPath, get(sink.port))).toContain("403 Forbidden");
  }
  const throwing = await proxied({ options: { rules: () => { throw new Error("no"); } } });
  expect(await say(throwing.socketPath, get(sink.port))).toContain("403 Forbidden");
  expect(sink.connections).toBe(0);
});

test("a rule taken back cuts what is still streaming, and closing records what was open", async () => {
  const sink = await webServer((_request, response) => void response.write("first"));
  const proxy = await proxied({ rules: [`127.0.0.1:${sink.port}`] });
  const streaming = say(proxy.socketPath, get(sink.port));
  await waitFor(() => sink.heads.length === 1);
  proxy.rules.pop();
  expect(await streaming).toContain("first");
  expect(brief(proxy.events)).toEqual([["allowed", "no-rule", `GET 127.0.0.1:${sink.port}/`]]);
  proxy.rules.push(rule(`127.0.0.1:${sink.port}`));
  const again = say(proxy.socketPath, get(sink.port));
  await waitFor(() => sink.heads.length === 2);
  await proxy.close();
  await again;
  expect(brief(proxy.events).at(-1)).toEqual(["allowed", "interrupted", `GET 127.0.0.1:${sink.port}/`]);
});
