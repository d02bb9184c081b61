/** The command line's grammar (docs: design of the command line). Pure: words in, a command or one clear line out. Nothing is created here. */
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { modelChoiceSchema } from "../../protocol/conversation.ts";

export interface Options {
  folders: { path: string; access: "read" | "edit" }[];
  allow: string[];
  env: { [name: string]: string };
  secrets: { name: string; host: string }[];
  seconds?: number;
  memoryBytes?: number;
  processes?: number;
  model?: string;
  review: "stage" | "apply";
  conversation?: string;
  json: boolean;
  csv: boolean;
  follow: boolean;
  verify: boolean;
  explain: boolean;
}

export type Command =
  | { name: "app" | "help" | "version" }
  | { name: "run"; options: Options; task: string }
  | { name: "sandbox"; options: Options; command: string[] }
  | { name: "doctor"; options: Options }
  | { name: "prove"; options: Options }
  | { name: "activity"; options: Options }
  | { name: "changes"; options: Options; verb: "list" | "apply" | "discard"; conversation: string; paths: string[] }
  | { name: "secret"; verb: "set" | "list" | "remove"; secret: string; options: Options }
  | { name: "conversation"; verb: "list" | "delete"; conversation: string; options: Options };

type Fill = (options: Options, value: string) => string | undefined;

const usage = (message: string): Outcome<never> => failed("bad-input", message);
const later = (what: string): Outcome<never> => failed("not-in-this-version", `${what} is not in this version.`);

const valued: { [option: string]: Fill } = {
  "--folder": (options, value) => {
    const at = /:(read|edit|add)$/.exec(value);
    if (at?.[1] === "add") return "later:--folder …:add";
    const path = at ? value.slice(0, at.index) : value;
    if (path === "") return "--folder wants a path";
    options.folders.push({ path, access: at?.[1] === "edit" ? "edit" : "read" });
    return undefined;
  },
  "--allow": (options, value) => (/^[A-Z,]+:\/\//.test(value) ? "later:--allow METHOD://…" : void options.allow.push(value)),
  "--env": (options, value) => {
    const at = value.indexOf("=");
    if (at < 1 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(value.slice(0, at)) || value.includes("\0")) return "--env wants NAME=VALUE";
    options.env[value.slice(0, at)] = value.slice(at + 1);
    return undefined;
  },
  "--secret": (options, value) => {
    const parts = /^([a-z0-9-]+)=(.+)$/.exec(value);
    if (!parts?.[1] || !parts[2]) return "--secret wants NAME=HOST or NAME=HOST:PORT";
    options.secrets.push({ name: parts[1], host: parts[2] });
    return undefined;
  },
  "--seconds": (options, value) => {
    if (!/^\d+(\.\d+)?$/.test(value) || Number(value) <= 0 || Number(value) > 2_000_000) return "--seconds wants a number above 0";
    options.seconds = Number(value);
    return undefined;
  },
  "--model": (options, value) => {
    if (!modelChoiceSchema.safeParse(value).success) return "--model wants practice or anthropic/MODEL";
    options.model = value;
    return undefined;
  },
  "--review": (options, value) => {
    if (value !== "stage" && value !== "apply") return "--review wants stage or apply";
    options.review = value;
    return undefined;
  },
  "--conversation": (options, value) => (/^[a-z0-9]{12}$|^app$/.test(value) ? void (options.conversation = value) : "--conversation wants the id that a command printed"),
  "--agent": (_, value) => (value === "bulkhead" ? undefined : "later:--agent other than bulkhead"),
  "--memory": (options, value) => {
    if (!/^\d{1,8}$/.test(value) || Number(value) < 16) return "--memory wants a number of megabytes, 16 or more";
    options.memoryBytes = Number(value) * 1024 * 1024;
    return undefined;
  },
  "--processes": (options, value) => {
    if (!/^\d{1,6}$/.test(value) || Number(value) < 1 || Number(value) > 100_000) return "--processes wants a number from 1 to 100000";
    options.processes = Number(value);
    return undefined;
  },
  "--on-conflict": () => "later:--on-conflict",
};

const flags: { [option: string]: (options: Options) => void } = {
  "--json": (options) => void (options.json = true),
  "--csv": (options) => void (options.csv = true),
  "--follow": (options) => void (options.follow = true),
  "--verify": (options) => void (options.verify = true),
  "--explain": (options) => void (options.explain = true),
};

const reach = ["--folder", "--allow", "--env", "--secret", "--seconds", "--conversation", "--memory", "--processes"];
const taken: { [command: string]: readonly string[] } = {
  run: [...reach, "--model", "--agent", "--review", "--json"],
  sandbox: [...reach, "--explain"],
  doctor: ["--json"],
  prove: ["--folder", "--allow", "--conversation", "--json"],
  activity: ["--conversation", "--follow", "--json", "--csv", "--verify"],
  changes: ["--json", "--on-conflict"],
  secret: ["--json"],
  conversation: ["--json"],
};

/** Reads the words after `bulkhead`. */
export function parse(words: readonly string[]): Outcome<Command> {
  const [name, ...rest] = words;
  if (name === undefined) return done({ name: "app" });
  if (name === "--help" || name === "-h" || name === "help") return done({ name: "help" });
  if (name === "--version") return done({ name: "version" });
  if (name === "policy") return later(`bulkhead ${name}`);
  const own = Object.hasOwn(taken, name) ? taken[name] : undefined;
  if (!own) return usage(`there is no command ${JSON.stringify(name)}; see bulkhead --help`);
  if (rest.includes("--help") && name !== "sandbox" && name !== "run") return done({ name: "help" });
  const read = readOptions(rest, own, name);
  return read.ok ? build(name, read.value) : read;
}

interface ReadWords {
  options: Options;
  words: string[];
  /** The words after `--`, where it stood. */
  after?: string[];
}

function readOptions(words: readonly string[], own: readonly string[], name: string): Outcome<ReadWords> {
  // No prototype: a variable may be named __proto__.
  const env = Object.create(null) as Options["env"];
  const options: Options = { folders: [], allow: [], env, secrets: [], review: "stage", json: false, csv: false, follow: false, verify: false, explain: false };
  const plain: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") return done({ options, words: plain, after: words.slice(index + 1) });
    if (word === "--help") return done({ options, words: ["--help"] });
    if (!word.startsWith("-") || word === "-") {
      plain.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const option = equals > 0 ? word.slice(0, equals) : word;
    if (!own.includes(option)) return usage(`bulkhead ${name} takes no ${option}`);
    const flag = flags[option];
    if (flag) {
      if (equals > 0) return usage(`${option} takes no value`);
      flag(options);
      continue;
    }
    const value = equals > 0 ? word.slice(equals + 1) : words[++index];
    if (value === undefined) return usage(`${option} wants a value`);
    const fault = valued[option]?.(options, value);
    if (fault?.startsWith("later:")) return later(fault.slice(6));
    if (fault) return usage(fault);
  }
  return done({ options, words: plain });
}

function build(name: string, read: ReadWords): Outcome<Command> {
  const { options, words, after } = read;
  if (words[0] === "--help") return done({ name: "help" });
  const all = [...words, ...(after ?? [])];
  if (name === "sandbox") {
    if (words.length > 0) return usage(`the command goes after --: bulkhead sandbox [options] -- ${words[0]} …`);
    return after && after.length > 0 && after[0] !== "" ? done({ name, options, command: after }) : usage("bulkhead sandbox wants a command after --");
  }
  if (name === "run") {
    const task = all[0];
    if (all.length !== 1 || task === undefined || task.trim() === "") return usage("bulkhead run wants one task, in quotes");
    return done({ name, options, task });
  }
  if (name === "doctor" || name === "prove" || name === "activity") {
    if (all.length > 0) return usage(`bulkhead ${name} takes no ${JSON.stringify(all[0])}`);
    if (options.json && options.csv) return usage("--json and --csv do not go together");
    return done({ name, options });
  }
  if (name === "changes") return changes(all, options);
  return name === "secret" ? secret(all, options) : conversation(all, options);
}

function changes(words: string[], options: Options): Outcome<Command> {
  const [verb, id, ...paths] = words;
  if (verb === "diff" || verb === "undo") return later(`bulkhead changes ${verb}`);
  if (verb !== "list" && verb !== "apply" && verb !== "discard") return usage("bulkhead changes wants list, apply or discard");
  if (!id || !/^[a-z0-9]{12}$/.test(id)) return usage(`bulkhead changes ${verb} wants a conversation's id`);
  return done({ name: "changes", options, verb, conversation: id, paths });
}

function secret(words: string[], options: Options): Outcome<Command> {
  const [verb, name, more] = words;
  if (verb === "list" && name === undefined) return done({ name: "secret", verb, secret: "", options });
  if (verb !== "set" && verb !== "remove") return usage("bulkhead secret wants set NAME, list or remove NAME");
  if (more !== undefined) return usage("a secret's value comes from standard input, never from the command line");
  if (!name || !/^[a-z0-9-]+$/.test(name)) return usage("a secret's name has only a-z, 0-9 and -");
  return done({ name: "secret", verb, secret: name, options });
}

function conversation(words: string[], options: Options): Outcome<Command> {
  const [verb, id, more] = words;
  if (verb === "list" && id === undefined) return done({ name: "conversation", verb, conversation: "", options });
  if (verb !== "delete" || !id || more !== undefined) return usage("bulkhead conversation wants list or delete ID");
  return done({ name: "conversation", verb, conversation: id, options });
}
