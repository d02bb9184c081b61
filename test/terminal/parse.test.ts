/** Every command and option of the contract, and every word that it refuses. */
import { expect, test } from "vitest";
import { parse, type Command, type Options } from "../../main/terminal/parse.ts";

const bare: Options = { folders: [], allow: [], env: {}, secrets: [], review: "stage", json: false, csv: false, follow: false, verify: false, explain: false };
const id = "abcdef012345";
const read = (...words: string[]) => {
  const parsed = parse(words);
  return parsed.ok ? parsed.value : parsed.problem;
};

const understood: [words: string[], command: Command][] = [
  [[], { name: "app" }],
  [["--help"], { name: "help" }],
  [["-h"], { name: "help" }],
  [["help"], { name: "help" }],
  [["--version"], { name: "version" }],
  [["run", "--help"], { name: "help" }],
  [["changes", "--help"], { name: "help" }],
  [["sandbox", "--help"], { name: "help" }],
  [["run", "a task"], { name: "run", options: bare, task: "a task" }],
  [["run", "--", "--a task with dashes"], { name: "run", options: bare, task: "--a task with dashes" }],
  [["sandbox", "--", "ls", "-l", "--", "--json"], { name: "sandbox", options: bare, command: ["ls", "-l", "--", "--json"] }],
  [["sandbox", "--", "cmd", "--help"], { name: "sandbox", options: bare, command: ["cmd", "--help"] }],
  [["sandbox", "--explain", "--", "true"], { name: "sandbox", options: { ...bare, explain: true }, command: ["true"] }],
  [["doctor"], { name: "doctor", options: bare }],
  [["doctor", "--json"], { name: "doctor", options: { ...bare, json: true } }],
  [["prove"], { name: "prove", options: bare }],
  [["prove", "--folder", "/a:edit", "--allow", "example.com", "--json"], { name: "prove", options: { ...bare, folders: [{ path: "/a", access: "edit" }], allow: ["example.com"], json: true } }],
  [["activity", "--conversation", id, "--follow", "--csv"], { name: "activity", options: { ...bare, conversation: id, follow: true, csv: true } }],
  [["activity", "--conversation", "app", "--verify", "--json"], { name: "activity", options: { ...bare, conversation: "app", verify: true, json: true } }],
  [["changes", "list", id, "--json"], { name: "changes", options: { ...bare, json: true }, verb: "list", conversation: id, paths: [] }],
  [["changes", "apply", id, "/a b", "c"], { name: "changes", options: bare, verb: "apply", conversation: id, paths: ["/a b", "c"] }],
  [["changes", "discard", id, "--", "-c"], { name: "changes", options: bare, verb: "discard", conversation: id, paths: ["-c"] }],
  [["secret", "set", "anthropic"], { name: "secret", verb: "set", secret: "anthropic", options: bare }],
  [["secret", "list"], { name: "secret", verb: "list", secret: "", options: bare }],
  [["secret", "remove", "my-key-2"], { name: "secret", verb: "remove", secret: "my-key-2", options: bare }],
  [["conversation", "list", "--json"], { name: "conversation", verb: "list", conversation: "", options: { ...bare, json: true } }],
  [["conversation", "delete", id], { name: "conversation", verb: "delete", conversation: id, options: bare }],
];
test.each(understood)("bulkhead %j is understood", (words, command) => expect(read(...words)).toEqual(command));

const options: [words: string[], changed: Partial<Options>][] = [
  [["--folder", "/a"], { folders: [{ path: "/a", access: "read" }] }],
  [["--folder", "/a:read"], { folders: [{ path: "/a", access: "read" }] }],
  [["--folder=/a:edit", "--folder", "./b"], { folders: [{ path: "/a", access: "edit" }, { path: "./b", access: "read" }] }],
  [["--folder", "/with:colon"], { folders: [{ path: "/with:colon", access: "read" }] }],
  [["--folder", "/with:edit:read"], { folders: [{ path: "/with:edit", access: "read" }] }],
  [["--allow", "example.com", "--allow=api.example.com:8443"], { allow: ["example.com", "api.example.com:8443"] }],
  [["--env", "A=b=c", "--env", "EMPTY="], { env: { A: "b=c", EMPTY: "" } }],
  [["--secret", "my-key=api.example.com:443"], { secrets: [{ name: "my-key", host: "api.example.com:443" }] }],
  [["--seconds", "1.5"], { seconds: 1.5 }],
  [["--conversation", id], { conversation: id }],
];
test.each(options)("both run and sandbox take %j", (words, changed) => {
  expect([read("run", ...words, "t"), read("sandbox", ...words, "--", "c")]).toEqual([
    { name: "run", options: { ...bare, ...changed }, task: "t" }, { name: "sandbox", options: { ...bare, ...changed }, command: ["c"] },
  ]);
});

test("run alone takes --model, --agent, --review and --json", () => {
  expect(read("run", "--model", "practice", "--agent", "bulkhead", "--review", "apply", "--json", "t"))
    .toEqual({ name: "run", options: { ...bare, model: "practice", review: "apply", json: true }, task: "t" });
});

test("limits are taken in megabytes and whole numbers", () => {
  expect([read("run", "--memory", "100", "t"), read("sandbox", "--processes=5", "--", "c")]).toEqual([
    { name: "run", options: { ...bare, memoryBytes: 100 * 1024 * 1024 }, task: "t" }, { name: "sandbox", options: { ...bare, processes: 5 }, command: ["c"] },
  ]);
});

test("a variable named like a part of every object is kept", () => {
  const command = parse(["sandbox", "--env", "__proto__=x", "--", "c"]);
  expect(command.ok && command.value.name === "sandbox" && Object.entries(command.value.options.env)).toEqual([["__proto__", "x"]]);
});

test.each([
  ["run", "--folder", "/a:add", "t"], ["sandbox", "--allow", "GET://example.com/", "--", "c"], ["sandbox", "--allow", "GET,POST://example.com:8443/x", "--", "c"],
  ["run", "--agent", "claude", "t"], ["changes", "apply", id, "--on-conflict", "mine"],
  ["changes", "diff", id], ["changes", "undo", id], ["policy", "show"], ["policy", "check", "x"],
])("bulkhead %s %s %s says that it is not in this version", (...words) => {
  expect(read(...words)).toEqual({ code: "not-in-this-version", message: expect.stringMatching(/^\S.* is not in this version\.$/) });
});

test.each([
  [["unknown"]], [["constructor", "--x"]], [["--unknown"]], [["run"]], [["run", ""]], [["run", "  "]], [["run", "two", "tasks"]], [["run", "--explain", "t"]], [["run", "--wat", "t"]],
  [["run", "t", "--folder"]], [["run", "--folder", "", "t"]], [["run", "--folder", ":edit", "t"]], [["run", "--json=yes", "t"]], [["run", "--review", "later", "t"]], [["run", "--model", "a model", "t"]],
  [["sandbox"]], [["sandbox", "--"]], [["sandbox", "--", ""]], [["sandbox", "ls"]], [["sandbox", "ls", "--", "x"]], [["sandbox", "--json", "--", "x"]], [["sandbox", "--review", "apply", "--", "x"]],
  [["sandbox", "--env", "NOVALUE", "--", "x"]], [["sandbox", "--env", "=x", "--", "x"]], [["sandbox", "--env", "A B=x", "--", "x"]], [["sandbox", "--env", "A=\0", "--", "x"]],
  [["sandbox", "--secret", "UPPER=host", "--", "x"]], [["sandbox", "--secret", "name", "--", "x"]], [["sandbox", "--secret", "name=", "--", "x"]],
  [["sandbox", "--memory", "15", "--", "x"]], [["sandbox", "--memory", "1.5", "--", "x"]], [["sandbox", "--memory", "-1", "--", "x"]], [["sandbox", "--processes", "0", "--", "x"]], [["sandbox", "--processes", "many", "--", "x"]], [["sandbox", "--processes", "999999", "--", "x"]],
  [["sandbox", "--seconds", "0", "--", "x"]], [["sandbox", "--seconds", "-1", "--", "x"]], [["sandbox", "--seconds", "ten", "--", "x"]], [["sandbox", "--seconds", "1e9", "--", "x"]], [["sandbox", "--seconds", "9999999", "--", "x"]],
  [["sandbox", "--conversation", "../../etc", "--", "x"]], [["doctor", "more"]], [["prove", "more"]], [["prove", "--seconds", "1"]], [["doctor", "--csv"]], [["activity", "more"]], [["activity", "--json", "--csv"]],
  [["changes"]], [["changes", "list"]], [["changes", "list", "../x"]], [["changes", "keep", id]], [["changes", "list", id, "--csv"]],
  [["secret"]], [["secret", "set"]], [["secret", "set", "UPPER"]], [["secret", "set", "a/b"]], [["secret", "set", "name", "value"]], [["secret", "list", "name", "more"]], [["secret", "show", "name"]],
  [["conversation"]], [["conversation", "delete"]], [["conversation", "delete", id, "more"]], [["conversation", "rename", id]],
])("%j is refused in one line", (words) => {
  expect(read(...words)).toEqual({ code: "bad-input", message: expect.stringMatching(/^[^\n]+$/) });
});

test("a secret's value on the command line is not repeated in the refusal", () => {
  expect(JSON.stringify(read("secret", "set", "name", "TOP-SECRET"))).not.toContain("TOP-SECRET");
});
