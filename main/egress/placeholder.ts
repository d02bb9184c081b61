/**
 * Placeholders in header values become the real value, on the way to the bound host only. The caller holds the result for one
 * exchange: the headers leave at once, `needles` is what must not come back.
 */
import type { Outcome } from "../../protocol/problem.ts";
import { failed, done } from "../../protocol/problem.ts";
import type { SecretBinding } from "../../protocol/rule.ts";

export type Lend = <T>(name: string, use: (value: string) => T) => Outcome<T>;

/** What to look for in the answer, and what stands in its place. */
export interface Needle { find: Buffer; put: Buffer }

interface Swapped { headers: string[]; used: string[]; needles: Needle[] }

const basic = /^(basic[ \t]+)([A-Za-z0-9+/_-]+={0,2})[ \t]*$/i;
const sendable = /^[\x20-\x7e]+$/;

export const bindingsFor = (secrets: readonly SecretBinding[], host: string, port: number): SecretBinding[] =>
  secrets.filter((secret) => secret.host === host && secret.ports.includes(port) && secret.placeholder.length >= 8);

function decodeBasic(value: string): { scheme: string; text: string } | undefined {
  const parts = basic.exec(value);
  return parts ? { scheme: parts[1] ?? "", text: Buffer.from(parts[2] ?? "", "base64").toString("latin1") } : undefined;
}

const holds = (value: string, placeholder: string): boolean => value.includes(placeholder) || (decodeBasic(value)?.text.includes(placeholder) ?? false);

/** The spellings in which a server may give a value back. */
function spellings(value: string, placeholder: string): Needle[] {
  const forms: ((text: string) => string)[] = [
    (text) => text, (text) => encodeURIComponent(text), (text) => JSON.stringify(text).slice(1, -1), (text) => Buffer.from(text).toString("base64").replace(/=+$/, ""),
    (text) => Buffer.from(text).toString("base64url"), (text) => Buffer.from(text).toString("hex"),
  ];
  const found = new Map(forms.map((form) => [form(value), form(placeholder)] as const));
  return [...found].map(([find, put]) => ({ find: Buffer.from(find), put: Buffer.from(put) }));
}

/** One value, every header. `flat` is name, value, name, value …; names are never touched. */
function swapOne(flat: readonly string[], placeholder: string, value: string): { headers: string[]; needles: Needle[] } {
  const needles = spellings(value, placeholder);
  const headers = flat.map((text, index) => {
    if (index % 2 === 0) return text;
    const plain = text.replaceAll(placeholder, () => value);
    const login = decodeBasic(text);
    if (!login?.text.includes(placeholder)) return plain;
    const swapped = Buffer.from(login.text.replaceAll(placeholder, () => value), "latin1").toString("base64");
    needles.push({ find: Buffer.from(swapped), put: Buffer.from(text.slice(login.scheme.length)) });
    return login.scheme + swapped;
  });
  return { headers, needles };
}

/**
 * `bindings` are those of the host that the headers go to. A value that is bound but not asked for is looked for in the answer all the
 * same: a server may give back today what it was sent yesterday.
 */
export function swapPlaceholders(flat: readonly string[], bindings: readonly SecretBinding[], lend: Lend): Outcome<Swapped> {
  let headers = [...flat];
  const used: string[] = [];
  const needles: Needle[] = [];
  for (const binding of bindings) {
    const wanted = headers.some((text, index) => index % 2 === 1 && holds(text, binding.placeholder));
    const lent = lend(binding.name, (value) => (value !== "" && sendable.test(value) ? swapOne(headers, binding.placeholder, value) : undefined));
    if (lent.ok && lent.value) {
      headers = lent.value.headers;
      needles.push(...lent.value.needles);
      if (wanted) used.push(binding.name);
    } else if (wanted) {
      return failed("no-key", lent.ok ? `the secret ${binding.name} cannot be sent in a header` : `the secret ${binding.name} is not available`);
    }
  }
  return done({ headers, used, needles });
}
