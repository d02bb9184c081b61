/** A site rule from the person's text. Exact hosts only: no wildcard, no suffix, nothing that opens more than it says. */
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import type { Rule } from "../../protocol/rule.ts";
import { visible } from "../base/visible.ts";
import { addressBytes, classOf } from "./address.ts";
import { parseHostPort } from "./host.ts";

const bothPorts = [80, 443];
/** Registries' second levels: `co.uk` is no site. */
const registry = /^(?:ac|co|com|edu|gob|gov|mil|ne|net|or|org)\.[a-z]{2}$/;

/** HOST or HOST:PORT; without a port: 80 and 443. */
export function parseRule(text: string): Outcome<Rule> {
  const written = visible(text, 120);
  if (/^[A-Za-z]+(?:,[A-Za-z]+)*:\/\//.test(text)) {
    if (/^[a-z]+:/.test(text)) return failed("bad-input", `“${written}” is an address of a page; a rule names the host only.`, "Write HOST or HOST:PORT.");
    return failed("not-in-this-version", `“${written}”: rules by method and path are not in this version.`, "Write HOST or HOST:PORT.");
  }
  if (text.includes("*")) return failed("bad-input", `“${written}”: wildcards would open more than one site.`, "Name each host by itself.");
  const parsed = parseHostPort(text);
  if (!parsed.ok) return parsed;
  const { host, port } = parsed.value;
  if (host.kind === "name") {
    if (host.name === "localhost" || host.name.endsWith(".localhost")) {
      return failed("bad-input", `“${written}” is this computer under a name.`, "Name the address itself: 127.0.0.1:PORT.");
    }
    if (!host.name.includes(".") || registry.test(host.name)) return failed("bad-input", `“${written}” is no single site.`, "Write the whole host name, such as www.example.org.");
  } else if (classOf(host.name) === "multicast" || addressBytes(host.name)?.every((byte) => byte === 0 || byte === 255)) {
    return failed("bad-input", `“${written}” is not the address of one computer.`, "Name the computer's own address.");
  }
  return done({ host: host.name, ports: port === undefined ? bothPorts : [port], source: text });
}
