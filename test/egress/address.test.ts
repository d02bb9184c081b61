import fc from "fast-check";
import { BlockList } from "node:net";
import { expect, test } from "vitest";
import { addressBytes, checkAddress, classOf } from "../../main/egress/address.ts";

test("each kind of address has its class", () => {
  const table = {
    loopback: ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2606:4700::5efe:7f00:1"],
    private: ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "fc00::1", "fd00:ec2::254", "fec0::1", "::ffff:10.0.0.1"],
    "link-local": ["169.254.1.1", "fe80::1", "febf::1"],
    metadata: ["169.254.169.254", "168.63.129.16", "100.100.100.200", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"],
    multicast: ["224.0.0.1", "239.255.255.255", "ff02::1"],
    reserved: ["0.0.0.0", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::", "::7f00:1", "64:ff9b:1::1", "2001::1", "2001:db8::1", "100::1", "4000::1", "fe80::1%lo", "example.com", ""],
    public: ["8.8.8.8", "172.32.0.1", "100.128.0.1", "169.253.1.1", "2606:4700::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
  };
  for (const [found, addresses] of Object.entries(table)) expect([found, addresses.map(classOf)]).toEqual([found, addresses.map(() => found)]);
});

test("a name leads to public addresses only, and an address literal to itself only", () => {
  expect(checkAddress("8.8.8.8", "ok.test", [])).toEqual({ ok: true });
  expect(checkAddress("8.8.8.8", "ok.test", ["8.8.8.8"])).toEqual({ ok: false, found: "own" });
  expect(checkAddress("127.0.0.1", "ok.test", [])).toEqual({ ok: false, found: "loopback" });
  expect(checkAddress("127.0.0.1", "127.0.0.1", ["127.0.0.1"])).toEqual({ ok: true });
  expect(checkAddress("127.0.0.1", "127.0.0.2", [])).toEqual({ ok: false, found: "loopback" });
  expect(checkAddress("::ffff:127.0.0.1", "127.0.0.1", [])).toEqual({ ok: false, found: "loopback" });
});

test("no address of a private range is public, whatever carries it", () => {
  const closed = new BlockList();
  for (const [network, bits] of [["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.168.0.0", 16], ["224.0.0.0", 3]] as const) closed.addSubnet(network, bits);
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.constantFrom("10.1.2.3", "127.9.9.9", "172.20.1.1", "192.168.0.9", "169.254.9.9", "100.99.1.1")), (address) => {
    const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
    const tail = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    if (closed.check(address)) for (const form of [address, `::ffff:${address}`, `64:ff9b::${tail}`, `2002:${tail}::1`, `2606:4700::5efe:${tail}`, `::${tail}`]) expect([form, classOf(form)]).not.toEqual([form, "public"]);
  }), { numRuns: 2000 });
});

test("IPv6 text is read as the platform reads it", () => {
  fc.assert(fc.property(fc.ipV6(), (text) => {
    const bytes = addressBytes(text);
    expect(bytes?.length).toBe(16);
    const groups = Array.from({ length: 8 }, (_all, index) => (((bytes?.[index * 2] ?? 0) << 8) | (bytes?.[index * 2 + 1] ?? 0)).toString(16));
    expect(new URL(`http://[${groups.join(":")}]`).hostname).toBe(new URL(`http://[${text}]`).hostname);
  }), { numRuns: 1000 });
});
