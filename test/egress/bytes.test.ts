import fc from "fast-check";
import { expect, test } from "vitest";
import { namesHost, readClientHello } from "../../main/egress/clientHello.ts";
import { swapPlaceholders } from "../../main/egress/placeholder.ts";
import { scrubStep } from "../../main/egress/scrub.ts";
import { readAbsolute } from "../../main/egress/target.ts";
import { done } from "../../protocol/problem.ts";

/** A ClientHello for `name`, split into records of `size` bytes. */
function helloFor(name: string | undefined, size = 16_384): Buffer {
  const two = (length: number): Buffer => Buffer.from([length >> 8, length & 0xff]);
  const host = Buffer.from(name ?? "");
  const sni = name === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0, 0]), two(host.length + 5), two(host.length + 3), Buffer.from([0]), two(host.length), host]);
  const extensions = Buffer.concat([sni, Buffer.from([0, 23, 0, 0])]);
  const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0, 0, 2, 0x13, 1, 1, 0]), two(extensions.length), extensions]);
  const message = Buffer.concat([Buffer.from([1, 0]), two(body.length), body]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1]), two(piece.length), piece);
  }
  return Buffer.concat(records);
}

test("the server name is found however the hello is cut, and no part of it is taken for the whole", () => {
  fc.assert(fc.property(fc.domain(), fc.integer({ min: 1, max: 300 }), fc.nat(), (name, size, cut) => {
    const bytes = helloFor(name, size);
    expect(readClientHello(bytes)).toEqual({ state: "hello", serverName: name });
    expect(readClientHello(bytes.subarray(0, cut % bytes.length)).state).toBe("more");
  }), { numRuns: 500 });
});

test("any bytes have an answer, and only a hello for the host is taken", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(), fc.nat({ max: 255 }), (noise, at, value) => {
    readClientHello(Buffer.from(noise));
    const bytes = helloFor("ok.test");
    bytes[at % bytes.length] = value;
    const hello = readClientHello(bytes);
    if (namesHost(hello, "ok.test")) expect(hello).toEqual({ state: "hello", serverName: expect.stringMatching(/^ok\.test$/i) });
  }), { numRuns: 2000 });
  const odd = (minor: number): Buffer => Buffer.concat([Buffer.from([22, 3, minor]), helloFor("ok.test").subarray(3)]);
  expect([odd(4), odd(255), Buffer.from("GET / HTTP/1.1"), Buffer.from([22, 2, 0]), Buffer.from([22, 3, 1, 0, 0])].map((bytes) => readClientHello(bytes).state)).toEqual(Array(5).fill("not-tls"));
});

test("a name needs its own server name, an address needs none", () => {
  const hello = (serverName: string | undefined) => ({ state: "hello", serverName }) as const;
  expect([["ok.test", "ok.test"], ["OK.test", "ok.test"], ["ok.test.", "ok.test"], ["x.ok.test", "ok.test"], ["ok.test\0", "ok.test"], [undefined, "ok.test"], [undefined, "127.0.0.1"], ["ok.test", "127.0.0.1"]].map(([name, host]) => namesHost(hello(name), host ?? "")))
    .toEqual([true, true, false, false, false, false, true, false]);
});

test("a value is taken out wherever the chunks are cut, and nothing else changes", () => {
  const needles = [{ find: Buffer.from("s3cret"), put: Buffer.from("[x]") }, { find: Buffer.from("s3s3c"), put: Buffer.from("[y]") }];
  const piece = fc.constantFrom("s3cret", "s3", "s", "cret", "s3s3c", "other ", "\u00e9");
  fc.assert(fc.property(fc.array(piece), fc.array(fc.integer({ min: 1, max: 9 })), (pieces, sizes) => {
    const whole = Buffer.from(pieces.join(""));
    const once = scrubStep(whole, needles, true).out.toString();
    let [at, held, out] = [0, Buffer.alloc(0), ""];
    for (let turn = 0; at < whole.length; turn++) {
      const size = sizes[turn % Math.max(1, sizes.length)] ?? 4;
      const step = scrubStep(Buffer.concat([held, whole.subarray(at, at + size)]), needles, false);
      out += step.out.toString("latin1");
      held = Buffer.from(step.held);
      at += size;
    }
    out += scrubStep(held, needles, true).out.toString("latin1");
    expect(Buffer.from(out, "latin1").toString()).toBe(once);
    expect(once).not.toContain("s3cret");
  }), { numRuns: 1000 });
});

test("a value goes where its placeholder stood, in values and never in names", () => {
  const binding = { name: "n", host: "h", ports: [80], placeholder: "placeholder-1" };
  const lend = <T>(_name: string, use: (value: string) => T) => done(use("$& real"));
  const swapped = swapPlaceholders(["x-placeholder-1", "a placeholder-1", "Authorization", "basic cGxhY2Vob2xkZXItMTo="], [binding], lend);
  expect(swapped.ok && { headers: swapped.value.headers, used: swapped.value.used }).toEqual({
    headers: ["x-placeholder-1", "a $& real", "Authorization", `basic ${Buffer.from("$& real:").toString("base64")}`], used: ["n"],
  });
});

test("a target is read as a URL parser reads it, or not at all", () => {
  fc.assert(fc.property(fc.oneof(fc.webUrl(), fc.string().map((text) => `http://${text}/`), fc.string()), (url) => {
    const authority = /^http:\/\/([^/?]*)/i.exec(url)?.[1] ?? "";
    const read = readAbsolute({ method: "GET", url, rawHeaders: ["Host", authority], httpVersion: "1.1" });
    if (!read.ok) return;
    const parsed = new URL(url);
    expect([read.target.host, read.target.port]).toEqual([parsed.hostname.replace(/^\[|\]$/g, ""), Number(parsed.port || 80)]);
  }), { numRuns: 2000 });
});
