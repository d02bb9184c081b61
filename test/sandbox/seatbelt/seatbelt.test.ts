import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seatbeltPlan } from "../../../main/sandbox/seatbelt.ts";
import { sandboxSpecSchema } from "../../../protocol/sandboxSpec.ts";
import { agent, cases, guardedPaths, home, places, ports, runDirectory, spec, terminal, ways, type Case } from "./cases.ts";
import { judge, readForms, readProfile, writeForm, type Form, type Profile } from "./profile.ts";

const where = { home, runDirectory, node: places.runtime, agent };
const plan = seatbeltPlan(spec, { ...where, terminal, ports });

function parametersOf(argv: readonly string[]): Map<string, string> {
  const parameters = new Map<string, string>();
  argv.forEach((word, index) => {
    if (word !== "-D") return;
    const [name = "", ...value] = (argv[index + 1] ?? "").split("=");
    parameters.set(name, value.join("="));
  });
  return parameters;
}

const parameters = parametersOf(plan.argv);
const forms = readForms(plan.profile);
const isRule = (form: Form | undefined, head: string): form is Form[] => Array.isArray(form) && form[0] === head;
/** Everything opened just before what is denied last: what those denials do alone. */
const firstLast = forms.findIndex((form, at) => at > 1 && isRule(form, "deny"));
const opening: Form = ["allow", "default"];

function wrong(mutant: readonly Form[], end = firstLast): Case | undefined {
  const text = (list: readonly Form[]): string => list.map(writeForm).join("\n");
  const worlds = { strict: readProfile(text(mutant), parameters), opened: readProfile(text([...mutant.slice(0, end), opening, ...mutant.slice(end)]), parameters) };
  return cases.find(({ world, ask, allowed }) => [true, false].some((rootIncluded) => judge(worlds[world], ask, { rootIncluded }) !== allowed));
}

/** Each way to take one part out of a form, at any depth; the head of each list stays. */
function without(form: Form): Form[] {
  if (!Array.isArray(form) || ["param", "literal", "subpath", "regex", "version", "target", "extension", "remote"].includes(String(form[0]))) return [];
  return form.slice(1).flatMap((part, at) => [[...form.slice(0, at + 1), ...form.slice(at + 2)], ...without(part).map((less) => form.with(at + 1, less))]);
}

/** The next wider name for what is allowed, the next narrower for what is denied. */
const wider: { [operation: string]: string } = { "file-read-metadata": "file-read*", "file-read*": "file*", "file-write-data": "file-write*", "file-write*": "file*", "file-ioctl": "file*", "file-map-executable": "file*", "sysctl-read": "sysctl*", "network-outbound": "network*", "mach-lookup": "mach*" };
const narrower: { [operation: string]: string[] } = { "file*": ["file-read*", "file-write*"], "file-write*": ["file-write-data", "file-write-unlink"] };
function weakened(form: Form): Form[] {
  if (!Array.isArray(form)) return [];
  const table = form[0] === "allow" ? Object.fromEntries(Object.entries(wider).map(([from, to]) => [from, [to]])) : narrower;
  const renamed = form.flatMap((part, at) => (typeof part === "string" && at > 0 ? (table[part] ?? []).map((other) => form.with(at, other)) : []));
  const bothOf = (part: Form, kind: string): boolean => Array.isArray(part) && part[0] === kind;
  // A file that is allowed by name, taken for a folder; a folder already stands as both.
  const asFolder = form[0] !== "allow" ? [] : form.flatMap((part, at) => (bothOf(part, "literal") && !form.some((other) => bothOf(other, "subpath") && JSON.stringify(other[1]) === JSON.stringify((part as Form[])[1])) ? [form.with(at, ["subpath", ...(part as Form[]).slice(1)])] : []));
  return [...renamed, ...asFolder];
}

test("the profile allows and denies exactly what the table says, whichever way a folder's own path is read", () => {
  expect(wrong(forms)).toBe(undefined);
  expect(cases.length).toBeGreaterThan(700);
  expect(guardedPaths.length).toBeGreaterThan(70);
  expect(ways.length).toBeGreaterThan(10);
});

test("each filter, operation and rule of the profile is needed: without it, or with it weaker, a case turns red", () => {
  const mutants = forms.flatMap((form, at) => [
    { what: writeForm(form), list: forms.toSpliced(at, 1), end: at < firstLast ? firstLast - 1 : firstLast },
    ...[...without(form), ...weakened(form)].map((other) => ({ what: `${writeForm(form)} → ${writeForm(other)}`, list: forms.with(at, other), end: firstLast })),
  ]);
  const survivors = mutants.filter(({ list, end }) => {
    try {
      return wrong(list, end) === undefined;
    } catch {
      // sandbox-exec would refuse it: nothing starts.
      return false;
    }
  });
  process.stdout.write(`seatbelt: ${cases.length} cases, ${mutants.length} mutants, ${survivors.length} unnoticed\n`);
  expect(survivors.map(({ what }) => what.split(" → ").at(-1))).toEqual([]);
  expect(mutants.length).toBeGreaterThan(350);
}, 300_000);

test("opening everything, the network, all services or all files turns a case red", () => {
  for (const extra of ["(allow default)", "(allow network-outbound)", "(allow mach-lookup)", "(allow file-read*)", "(allow file-write*)", "(allow appleevent-send)", "(allow lsopen)", "(allow signal)", "(allow process-exec)", "(allow network-bind)", "(allow sysctl-read)"]) {
    expect(wrong([...forms, ...readForms(extra)]), extra).not.toBe(undefined);
  }
});

test("the enforcing program is named by absolute path, the first rule denies, and no path of the spec stands in the profile's text", () => {
  expect(plan.argv.slice(0, 3)).toEqual(["/usr/bin/sandbox-exec", "-p", plan.profile]);
  expect(plan.argv.at(-1)).toBe("true");
  expect(forms.slice(0, 2)).toEqual([["version", "1"], ["deny", "default"]]);
  expect(plan.profile.includes(home)).toBe(false);
  expect([...parameters.keys()].filter((name) => !plan.profile.includes(`(param "${name}")`))).toEqual([]);
});

test("the profile keeps to the forms that are known to work: no negation in a denial, no filter on the local side of a connection", () => {
  const denials = forms.filter((form) => isRule(form, "deny")).map(writeForm).join("\n");
  expect(denials).not.toContain("require-not");
  expect(forms.map(writeForm).join("\n")).not.toMatch(/\(local |com\.apple\.SecurityServer"\)(?![^]*deny)/);
  expect(forms.filter((form) => isRule(form, "allow")).map(writeForm).join("\n")).not.toMatch(/SecurityServer|securityd|launchservicesd|appleevents|lsd\./);
});

test("the protected names are those of the list that guards what is applied; a changed list needs `node build/seatbelt.mjs`", async () => {
  const name = "../../../build/seatbelt.mjs";
  const made = (await import(name)) as { protectedFilter(): string; protectedFile: string };
  expect(readFileSync(made.protectedFile, "utf8")).toBe(made.protectedFilter());
});

const readable = (profile: Profile, path: string): boolean => judge(profile, { operation: "file-read-data", path }, { rootIncluded: true });

test("a folder whose name is a rule stays a name", () => {
  const path = `${home}/")) (allow default) ;`;
  const planned = seatbeltPlan({ ...spec, folders: [{ path, access: "read", device: "1", inode: "2" }] }, where);
  const profile = readProfile(planned.profile, parametersOf(planned.argv));
  expect([readable(profile, `${path}/x`), readable(profile, `${home}/notes.txt`)]).toEqual([true, false]);
});

test("no grant opens a keychain: what is denied last wins even over a grant of the whole home", () => {
  const planned = seatbeltPlan({ ...spec, folders: [{ path: home, access: "edit", device: "1", inode: "2", upper: home, work: "/w" }] }, where);
  const profile = readProfile(planned.profile, parametersOf(planned.argv));
  const paths = ["Library/Keychains", "Library/Keychains/login.keychain-db", ".ssh/id_rsa", ".ssh", ".gnupg/key", "Library/LaunchAgents/x.plist", "Documents/plain.txt"];
  expect(paths.map((path) => readable(profile, `${home}/${path}`))).toEqual([false, false, false, false, false, false, true]);
  const written = [".zshrc", ".git/hooks/x", "a/.vscode/tasks.json", "notes.txt"];
  expect(written.map((path) => judge(profile, { operation: "file-write-create", path: `${home}/${path}` }, { rootIncluded: true }))).toEqual([false, false, false, true]);
});

test("a spec without folders, ports and terminal opens none", () => {
  const planned = seatbeltPlan(sandboxSpecSchema.parse({ command: ["true"] }), where);
  const profile = readProfile(planned.profile, parametersOf(planned.argv));
  expect(readable(profile, places["read-grant"])).toBe(false);
  expect(judge(profile, { operation: "network-outbound", remote: `localhost:${ports[0]}` }, { rootIncluded: true })).toBe(false);
  expect(judge(profile, { operation: "file-ioctl", path: terminal }, { rootIncluded: true })).toBe(false);
});

test("the judge throws on what it does not know: an unknown form or operation is never an allowance", () => {
  const asked = { operation: "file-read-data", path: "/x" };
  const judged = (rule: string): boolean => judge(readProfile(`(version 1)\n${rule}`, new Map()), asked, { rootIncluded: true });
  expect(judged("(deny default) (allow file-read* (literal \"/x\"))")).toBe(true);
  expect(judged("(allow file-read*)")).toBe(true);
  for (const rule of ["(import \"bsd.sb\")", "(allow file-read* (vnode-type DIRECTORY))", "(allow file-red*)", "(allow file-read* (require-all))", "(allow file-read* (literal \"/x\" \"/y\"))", "(deny file-read* (require-not (literal \"/x\")))", "(allow file-read* (literal (param \"NONE\")))", "(deny default"]) {
    expect(() => judged(rule), rule).toThrow();
  }
  expect(() => readProfile("(deny default)", new Map())).toThrow();
  expect(() => judge(readProfile("(version 1)", new Map()), { operation: "file-rad" }, { rootIncluded: true })).toThrow();
});

test("the judge knows last match, the hierarchy of operations, conditions and prefixes", () => {
  const ask = (rules: string, operation: string, path: string): boolean => judge(readProfile(`(version 1)(deny default)${rules}`, new Map()), { operation, path }, { rootIncluded: false });
  expect([
    ask("(allow file*)(deny file-read-data)", "file-read-data", "/a"), ask("(allow file*)(deny file-read-data)", "file-read-metadata", "/a"), ask("(allow file-read*)", "file-write-data", "/a"), ask("(allow file-write*)", "file-write-unlink", "/a"),
    ask("(allow file* (require-all (subpath \"/a\") (require-not (regex #\"^/a/b$\"))))", "file-link", "/a/c"), ask("(allow file* (require-all (subpath \"/a\") (require-not (regex #\"^/a/b$\"))))", "file-link", "/a/b"),
    ask("(allow file* (require-any (literal \"/b\") (prefix \"/a\")))", "file-link", "/ab"), ask("(allow file* (subpath \"/a\"))", "file-link", "/ab"), ask("(allow file* (subpath \"/a\"))", "file-link", "/a"),
  ]).toEqual([false, true, false, true, true, false, true, false, false]);
});
