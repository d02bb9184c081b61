/**
 * A reader and judge of seatbelt profiles, for tests: last match wins, and without a rule everything is allowed, so `(deny default)` must be there.
 * It throws on whatever it does not know, so an unknown form or operation is never an allowance.
 */
export type Form = string | { text: string } | { regex: string } | Form[];
export interface Ask { operation: string; path?: string; name?: string; target?: "same-sandbox" | "others"; remote?: string; extension?: string }
/** Whether `subpath` takes in the folder itself: nobody promises either, so a case must hold under both readings. */
export interface Reading { rootIncluded: boolean }
export interface Profile { rules: { allow: boolean; operations: string[]; filters: Form[] }[]; parameters: ReadonlyMap<string, string> }

export function readForms(source: string): Form[] {
  const tokens = source.matchAll(/;[^\n]*|\s+|#"((?:[^"\\]|\\.)*)"|"((?:[^"\\]|\\.)*)"|([()])|([^\s()";]+)/gy);
  const stack: Form[][] = [[]];
  let end = 0;
  for (const token of tokens) {
    end = token.index + token[0].length;
    const top = stack.at(-1) ?? [];
    if (token[1] !== undefined) top.push({ regex: token[1] });
    else if (token[2] !== undefined) top.push({ text: token[2].replace(/\\(.)/g, "$1") });
    else if (token[3] === "(") stack.push([]);
    else if (token[3] === ")") {
      const closed = stack.pop();
      if (!closed || stack.length === 0) throw new Error("one ) too many");
      stack.at(-1)?.push(closed);
    } else if (token[4] !== undefined) top.push(token[4]);
  }
  if (end !== source.length || stack.length !== 1) throw new Error(`unreadable from ${end}`);
  return stack[0] ?? [];
}

export function readProfile(source: string, parameters: ReadonlyMap<string, string>): Profile {
  const rules: Profile["rules"] = [];
  const [version, ...forms] = readForms(source);
  if (JSON.stringify(version) !== '["version","1"]') throw new Error("a profile begins with its version");
  for (const form of forms) {
    if (!Array.isArray(form)) throw new Error("a rule is a list");
    const [head, ...rest] = form;
    if (head !== "allow" && head !== "deny") throw new Error(`unknown form ${JSON.stringify(head)}`);
    const operations = rest.filter((part): part is string => typeof part === "string");
    if (operations.length === 0) throw new Error("a rule without an operation");
    for (const operation of operations) ways(operation);
    rules.push({ allow: head === "allow", operations, filters: rest.filter((part) => typeof part !== "string") });
  }
  return { rules, parameters };
}

const text = (form: Form | undefined, parameters: ReadonlyMap<string, string>): string => {
  if (Array.isArray(form) && form[0] === "param") {
    const name = text(form[1], parameters);
    const value = parameters.get(name);
    if (value === undefined) throw new Error(`parameter ${name} is not given`);
    return value;
  }
  if (form && typeof form === "object" && "text" in form) return form.text;
  throw new Error(`no text: ${JSON.stringify(form)}`);
};

type Judge = (rest: Form[], ask: Ask, given: Given) => boolean;
interface Given extends Reading { parameters: ReadonlyMap<string, string> }
const only = (rest: Form[]): Form => {
  if (rest.length !== 1 || rest[0] === undefined) throw new Error(`one argument is meant: ${JSON.stringify(rest)}`);
  return rest[0];
};
const some = (rest: Form[]): Form[] => {
  if (rest.length === 0) throw new Error("an empty condition");
  return rest;
};

const patterns = new Map<string, RegExp>();

const judges: { [name: string]: Judge } = {
  literal: (rest, ask, { parameters }) => ask.path === text(only(rest), parameters),
  subpath(rest, ask, { parameters, rootIncluded }) {
    const root = text(only(rest), parameters);
    return ask.path !== undefined && ((rootIncluded && ask.path === root) || ask.path.startsWith(root === "/" ? "/" : `${root}/`));
  },
  prefix: (rest, ask, { parameters }) => ask.path?.startsWith(text(only(rest), parameters)) === true,
  regex(rest, ask) {
    const pattern = only(rest);
    if (typeof pattern !== "object" || !("regex" in pattern)) throw new Error("no pattern");
    let compiled = patterns.get(pattern.regex);
    if (!compiled) patterns.set(pattern.regex, (compiled = new RegExp(pattern.regex)));
    return ask.path !== undefined && compiled.test(ask.path);
  },
  "require-all": (rest, ask, given) => some(rest).every((form) => matches(form, ask, given)),
  "require-any": (rest, ask, given) => some(rest).some((form) => matches(form, ask, given)),
  "require-not": (rest, ask, given) => !matches(only(rest), ask, given),
  "global-name": (rest, ask, { parameters }) => ask.name === text(only(rest), parameters),
  "global-name-prefix": (rest, ask, { parameters }) => ask.name?.startsWith(text(only(rest), parameters)) === true,
  "sysctl-name": (rest, ask, { parameters }) => ask.name === text(only(rest), parameters),
  target(rest, ask) {
    const name = only(rest);
    if (name !== "same-sandbox" && name !== "others") throw new Error("unknown target");
    return ask.target === name;
  },
  extension: (rest, ask, { parameters }) => ask.extension === text(only(rest), parameters),
  // By address only: a filter on the local side admits every destination.
  remote([kind, ...what], ask, { parameters }) {
    if (kind !== "ip") throw new Error("unknown remote");
    const address = text(only(what), parameters);
    if (!/^localhost:\d+$/.test(address)) throw new Error("a remote is one port of this machine");
    return ask.remote === address;
  },
};

function matches(form: Form, ask: Ask, given: Given): boolean {
  if (!Array.isArray(form) || typeof form[0] !== "string") throw new Error(`no filter: ${JSON.stringify(form)}`);
  const judge = judges[form[0]];
  if (!judge) throw new Error(`unknown filter ${form[0]}`);
  return judge(form.slice(1), ask, given);
}

/** Every operation that profiles here may name; sandbox-exec refuses an unknown one, so do we. */
const operations = new Set([
  "appleevent-send", "file-clone", "file-ioctl", "file-link", "file-map-executable", "file-mknod", "file-read-data", "file-read-metadata", "file-read-xattr", "file-write-create", "file-write-data", "file-write-flags",
  "file-write-mode", "file-write-owner", "file-write-setugid", "file-write-times", "file-write-unlink", "file-write-xattr", "iokit-open", "ipc-posix-sem", "ipc-posix-shm-read-data", "ipc-posix-shm-write-data", "lsopen",
  "mach-issue-extension", "mach-lookup", "mach-priv-task-port", "mach-register", "network-bind", "network-inbound", "network-outbound", "process-exec", "process-fork", "process-info-listpids", "process-info-pidinfo", "pseudo-tty", "signal",
  "sysctl-read", "sysctl-write", "system-socket", "user-preference-read",
]);

const known = new Map<string, Set<string>>();

/** The single operations that a name in a rule stands for: file* holds file-read*, that holds file-read-data; default holds all. */
function ways(operation: string): Set<string> {
  const before = known.get(operation);
  if (before) return before;
  if (operation === "default") return operations;
  const under = new Set([...operations].filter((one) => (operation.endsWith("*") ? one.startsWith(`${operation.slice(0, -1)}-`) : one === operation)));
  if (under.size === 0) throw new Error(`unknown operation ${operation}`);
  known.set(operation, under);
  return under;
}

export function judge(profile: Profile, ask: Ask, reading: Reading): boolean {
  if (!operations.has(ask.operation)) throw new Error(`unknown operation ${ask.operation}`);
  let allowed = true;
  for (const rule of profile.rules) {
    if (!rule.operations.some((operation) => ways(operation).has(ask.operation))) continue;
    // A denial that asks for a negation makes sandbox-exec give up: it is no rule.
    if (!rule.allow && JSON.stringify(rule.filters).includes('"require-not"')) throw new Error("require-not inside a deny");
    if (rule.filters.length === 0 || rule.filters.some((form) => matches(form, ask, { parameters: profile.parameters, ...reading }))) allowed = rule.allow;
  }
  return allowed;
}

/** What a form reads as, written down again: mutants are made of forms. */
export function writeForm(form: Form): string {
  if (typeof form === "string") return form;
  if (Array.isArray(form)) return `(${form.map(writeForm).join(" ")})`;
  return "regex" in form ? `#"${form.regex}"` : `"${form.text.replace(/["\\]/g, "\\$&")}"`;
}
