/**
 * Which addresses a *name* may lead to: the public internet and nothing else. Everything not known to be public is refused.
 * A rule that names an address literal is the only way to an address of another class; see `checkAddress`.
 */
import { isIPv4, isIPv6 } from "node:net";

type AddressClass = "public" | "loopback" | "private" | "link-local" | "metadata" | "multicast" | "own" | "reserved";

/** 4 or 16 bytes; undefined where `text` is no address (a zone is one reason). */
export function addressBytes(text: string): number[] | undefined {
  if (isIPv4(text)) return text.split(".").map(Number);
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...quad: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = quad.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = "", tail] = plain.split("::");
  const groups = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = Array.from({ length: 8 - left.length - right.length }, () => 0);
  return [...left, ...middle, ...right].flatMap((group) => [group >> 8, group & 0xff]);
}

/** [first bytes, bits, class]; the first line that fits wins. */
type Range = readonly [readonly number[], number, AddressClass];
const ipv4: readonly Range[] = [
  [[0], 8, "reserved"],
  [[10], 8, "private"],
  [[100, 100, 100, 200], 32, "metadata"],
  [[100, 64], 10, "private"],
  [[127], 8, "loopback"],
  [[168, 63, 129, 16], 32, "metadata"],
  [[169, 254, 169, 254], 32, "metadata"],
  [[169, 254], 16, "link-local"],
  [[172, 16], 12, "private"],
  [[192, 0, 0], 24, "reserved"],
  [[192, 0, 2], 24, "reserved"],
  [[192, 88, 99], 24, "reserved"],
  [[192, 168], 16, "private"],
  [[198, 18], 15, "reserved"],
  [[198, 51, 100], 24, "reserved"],
  [[203, 0, 113], 24, "reserved"],
  [[224], 4, "multicast"],
  [[240], 4, "reserved"],
];
const ipv6: readonly Range[] = [
  [[0xfe, 0x80], 10, "link-local"],
  [[0xfe, 0xc0], 10, "private"],
  [[0xfc], 7, "private"],
  [[0xff], 8, "multicast"],
  // 2001::/23: Teredo, benchmarking, ORCHID; nothing a site is served from.
  [[0x20, 0x01, 0x00], 23, "reserved"],
  [[0x20, 0x01, 0x0d, 0xb8], 32, "reserved"],
  [[0x3f, 0xff, 0x00], 20, "reserved"],
  [[0x20], 3, "public"],
];

const within = (bytes: readonly number[], [start, bits]: Range): boolean =>
  start.every((byte, index) => {
    const mask = 0xff & (0xff << Math.max(0, 8 - Math.max(0, bits - index * 8)));
    return ((bytes[index] ?? 0) & mask) === (byte & mask);
  });

const zeros = (bytes: readonly number[], from: number, to: number): boolean => bytes.slice(from, to).every((byte) => byte === 0);

/** The IPv4 address that an IPv6 address carries: mapped, NAT64, 6to4, ISATAP. */
function embedded(bytes: readonly number[]): readonly number[] | undefined {
  if (zeros(bytes, 0, 10) && bytes[10] === 0xff && bytes[11] === 0xff) return bytes.slice(12);
  if (bytes[0] === 0 && bytes[1] === 0x64 && bytes[2] === 0xff && bytes[3] === 0x9b && zeros(bytes, 4, 12)) return bytes.slice(12);
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return bytes.slice(2, 6);
  if ((bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) return bytes.slice(12);
  return undefined;
}

export function classOf(address: string): AddressClass {
  const bytes = addressBytes(address);
  return bytes ? classOfBytes(bytes) : "reserved";
}

function classOfBytes(bytes: readonly number[]): AddressClass {
  if (bytes.length === 4) return ipv4.find((range) => within(bytes, range))?.[2] ?? "public";
  if (zeros(bytes, 0, 15) && bytes[15] === 1) return "loopback";
  const inner = embedded(bytes);
  const innerClass = inner ? classOfBytes(inner) : "public";
  if (innerClass !== "public") return innerClass;
  if (inner && zeros(bytes, 0, 1)) return "public";
  return ipv6.find((range) => within(bytes, range))?.[2] ?? "reserved";
}

const same = (left: string, right: string): boolean => {
  const [a, b] = [addressBytes(left), addressBytes(right)];
  return a !== undefined && b !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);
};

/**
 * May `address`, to which `host` resolved, be dialled? `host` already matched a rule. `own` are this machine's addresses.
 * Only a host that *is* this very address literal may lead to a class other than public: then a rule named it.
 */
export function checkAddress(address: string, host: string, own: readonly string[]): { ok: true } | { ok: false; found: AddressClass } {
  if (addressBytes(address) === undefined) return { ok: false, found: "reserved" };
  if (addressBytes(host) !== undefined) return same(address, host) ? { ok: true } : { ok: false, found: classOf(address) };
  const found = own.some((mine) => same(mine, address)) ? "own" : classOf(address);
  return found === "public" ? { ok: true } : { ok: false, found };
}
