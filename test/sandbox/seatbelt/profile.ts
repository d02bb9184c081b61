/** A reader and judge of seatbelt profiles, for tests: last match wins. It throws on whatever it does not know, so an unknown form is never an allowance. */
export type Form = string | { text: string } | { regex: string } | Form[];
export interface Ask { operation: string; path?: string; name?: string; target?: "self" | "same-sandbox" | "others"; remote?: { socket: string } | { address: string } }
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
  for (const form of readForms(source)) {
    if (!Array.isArray(form)) throw new Error("a rule is a list");
    const [head, ...rest] = form;
    if (head === "version") continue;
    if (head !== "allow" && head !== "deny") throw new Error(`unknown form ${JSON.stringify(head)}`);
    const operations = rest.filter((part): part is string => typeof part === "string");
    if (operations.length === 0) throw new Error("a rule without an operation");
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

type Judge = (rest: Form[], ask: Ask, parameters: ReadonlyMap<string, string>) => boolean;
const below = (path: string | undefined, root: string): boolean => path !== undefined && (path === root || path.startsWith(root === "/" ? "/" : `${root}/`));

const judges: { [name: string]: Judge } = {
  literal: ([path], ask, parameters) => ask.path === text(path, parameters),
  subpath: ([path], ask, parameters) => below(ask.path, text(path, parameters)),
  regex: ([pattern], ask) => pattern !== undefined && typeof pattern === "object" && "regex" in pattern && ask.path !== undefined && new RegExp(pattern.regex).test(ask.path),
  "require-all": (rest, ask, parameters) => rest.every((form) => matches(form, ask, parameters)),
  "require-any": (rest, ask, parameters) => rest.some((form) => matches(form, ask, parameters)),
  "require-not": ([form], ask, parameters) => form !== undefined && !matches(form, ask, parameters),
  "global-name": ([name], ask, parameters) => ask.name === text(name, parameters),
  "sysctl-name": ([name], ask, parameters) => ask.name === text(name, parameters),
  target: ([name], ask) => ask.target === name,
  // Nobody hands out extensions in these tests.
  extension: () => false,
  remote: ([kind, what], ask, parameters) => {
    if (kind === "ip") return ask.remote !== undefined && "address" in ask.remote && ask.remote.address === text(what, parameters);
    if (kind !== "unix-socket" || !Array.isArray(what) || what[0] !== "path-literal") throw new Error("unknown remote");
    return ask.remote !== undefined && "socket" in ask.remote && ask.remote.socket === text(what[1], parameters);
  },
};

function matches(form: Form, ask: Ask, parameters: ReadonlyMap<string, string>): boolean {
  if (!Array.isArray(form) || typeof form[0] !== "string") throw new Error(`no filter: ${JSON.stringify(form)}`);
  const judge = judges[form[0]];
  if (!judge) throw new Error(`unknown filter ${form[0]}`);
  return judge(form.slice(1), ask, parameters);
}

const named = (operation: string, asked: string): boolean => operation === "default" || operation === asked || (operation.endsWith("*") && asked.startsWith(operation.slice(0, -1)));

export function judge(profile: Profile, ask: Ask): boolean {
  let allowed = false;
  for (const rule of profile.rules) {
    if (!rule.operations.some((operation) => named(operation, ask.operation))) continue;
    if (rule.filters.length === 0 || rule.filters.some((form) => matches(form, ask, profile.parameters))) allowed = rule.allow;
  }
  return allowed;
}
