import fc from "fast-check";
import { isIP } from "node:net";
import { expect, test } from "vitest";
import { decide } from "../../main/egress/decide.ts";
import { parseHost, parseHostPort } from "../../main/egress/host.ts";
import { parseRule } from "../../main/egress/rule.ts";

const code = (text: string): string => {
  const parsed = parseRule(text);
  return parsed.ok ? `${parsed.value.host} ${parsed.value.ports.join()}` : parsed.problem.code;
};

test("a rule is HOST or HOST:PORT in canonical form", () => {
  expect(["Example.COM", "example.com:8080", "[::1]:8080", "[0:0:0:0:0:0:0:1]", "127.0.0.1:3000", "münchen.de", "xn--mnchen-3ya.de", "a_b.example.org:1", "a.b.c.example.co.uk:65535"].map(code)).toEqual([
    "example.com 80,443", "example.com 8080", "::1 8080", "::1 80,443", "127.0.0.1 3000", "xn--mnchen-3ya.de 80,443", "xn--mnchen-3ya.de 80,443", "a_b.example.org 1", "a.b.c.example.co.uk 65535",
  ]);
});

test("what could be read in two ways, or opens more than one site, is no rule", () => {
  const bad = [
    "", " ", "*", "*.example.com", "com", "co.uk", "localhost", "app.localhost:80", "example.com.", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.01", "127.0.0.1.", "１２７.0.0.1", "1.2.3.4.5", "256.1.1.1",
    "user@example.com", "example.com\0", "exa\0mple.com", "exa\u00admple.com", "example\u202e.com", "example.com/path", "example.com?x", "example.com#x", "example.com\\x", "https://example.com", "example.com:0", "example.com:65536",
    "example.com:080", "example.com:", "example.com:80:80", "::1", "[::1", "[::1]x", "[fe80::1%eth0]:80", "[::ffff:127.0.0.1]:80", "a..com", "-a.com", "a-.com", "exa%6dple.com", "0.0.0.0:80", "[::]:80", "224.0.0.1", "255.255.255.255", " example.com", "example.com\n",
  ];
  for (const text of bad) expect([text, code(text)]).toEqual([text, "bad-input"]);
});

test("rules by method are named as not being in this version", () => {
  expect(["GET://example.com/path", "GET,HEAD://example.com", "POST://[::1]:80/x"].map(code)).toEqual(["not-in-this-version", "not-in-this-version", "not-in-this-version"]);
});

test("parsing is total, and what it gives is a fixed point", () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.domain(), fc.ipV4(), fc.ipV6().map((one) => `[${one}]`), fc.webAuthority()), (text) => {
    const parsed = parseHost(text);
    if (!parsed.ok) return;
    const { name, kind } = parsed.value;
    expect(name).toMatch(kind === "ipv6" ? /^[0-9a-f:]+$/ : /^[a-z0-9._-]+$/);
    expect(isIP(name)).toBe({ name: 0, ipv4: 4, ipv6: 6 }[kind]);
    expect(parseHost(kind === "ipv6" ? `[${name}]` : name)).toEqual({ ok: true, value: { name, kind } });
    // Nothing else reads it differently.
    expect(new URL(`http://${kind === "ipv6" ? `[${name}]` : name}/`).hostname).toBe(kind === "ipv6" ? `[${name}]` : name);
  }), { numRuns: 2000 });
});

test("a rule allows its own host and ports and nothing else", () => {
  const hostPort = fc.record({ host: fc.oneof(fc.domain(), fc.ipV4()), port: fc.integer({ min: 1, max: 65535 }) });
  fc.assert(fc.property(hostPort, hostPort, (named, asked) => {
    const rule = parseRule(`${named.host}:${named.port}`);
    const request = parseHostPort(`${asked.host}:${asked.port}`);
    if (!rule.ok || !request.ok) return;
    const allowed = decide({ host: request.value.host.name, port: asked.port }, [rule.value]).outcome === "allowed";
    expect(allowed).toBe(rule.value.host === request.value.host.name && named.port === asked.port);
    for (const near of [`${rule.value.host}.evil.test`, `evil${rule.value.host}`, `x.${rule.value.host}`, rule.value.host.slice(1), `${rule.value.host}.`]) {
      expect(decide({ host: near, port: named.port }, [rule.value]).outcome).toBe("refused");
    }
    expect(decide({ host: rule.value.host, port: named.port }, []).outcome).toBe("refused");
  }), { numRuns: 500 });
});
