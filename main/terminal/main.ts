/**
 * The command-line door. Exit codes and streams are a contract; everything Bulkhead itself says goes to standard error,
 * one line each, prefixed `bulkhead: `.
 */
import { once } from "node:events";
import type { FeedEvent } from "../../protocol/event.ts";
import { noActivity, reduce, type Activity } from "../../protocol/fold.ts";
import type { Problem } from "../../protocol/problem.ts";
import { unreachable } from "../../protocol/problem.ts";
import { visible } from "../base/visible.ts";
import { parse, type Command, type Options } from "./parse.ts";
import type { Powers } from "./powers.ts";
import { changeLine, eventLine } from "./print.ts";
import { readSecret } from "./readSecret.ts";

const version = "0.1.0";
const help = `bulkhead                                the app
bulkhead run [options] "TASK"           one task by the contained agent; --json: one event a line, the result last
bulkhead sandbox [options] -- CMD …     any command under the agent's containment; --explain prints it instead
bulkhead doctor [--json]                can this machine confine, keep secrets, show a window?
bulkhead prove  [options] [--json]      live probes inside a fresh sandbox, each with its control outside; --folder, --allow, --conversation
bulkhead changes list|apply|discard CONVERSATION [PATH…]   [--json]
bulkhead activity [--conversation ID] [--follow] [--json|--csv] [--verify]
bulkhead secret set|list|remove NAME    the value comes from standard input
bulkhead conversation list|delete ID    [--json]
options: --folder PATH[:read|:edit]  --allow HOST[:PORT]  --env NAME=VALUE  --secret NAME=HOST[:PORT]  --memory MB  --processes N  --seconds N  --conversation ID
run:     --model practice|anthropic/MODEL  --review stage|apply  --json
`;

const say = (message: string): void => void process.stderr.write(`bulkhead: ${visible(message, 4000)}\n`);
const print = async (text: string): Promise<void> => {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
};
const told = (problem: Problem): string => (problem.mend ? `${problem.message} ${problem.mend}` : problem.message);

/** Runs one command line; resolves with the exit code. */
export async function main(words: readonly string[], createPowers: () => Powers): Promise<number> {
  const parsed = parse(words);
  if (!parsed.ok) {
    say(parsed.problem.message);
    return 2;
  }
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  if (parsed.value.name === "help") return print(help).then(() => 0);
  if (parsed.value.name === "version") return print(`bulkhead ${version}\n`).then(() => 0);
  const powers = createPowers();
  try {
    return await act(parsed.value, powers);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = error instanceof Error ? error.message : String(error);
    say(code === "ENOSPC" || /disk is full/.test(message) ? "the disk is full; nothing was changed. Free some space and try again." : message);
    return 1;
  } finally {
    await powers.close();
  }
}

function act(command: Command, powers: Powers): Promise<number> {
  switch (command.name) {
    case "app": return powers.openApp();
    case "run": return run(command, powers);
    case "sandbox": return sandbox(command, powers);
    case "doctor": return doctor(command.options, powers);
    case "prove": return prove(command.options, powers);
    case "activity": return activity(command.options, powers);
    case "changes": return changes(command, powers);
    case "secret": return secret(command, powers);
    case "conversation": return conversation(command, powers);
    case "help":
    case "version": return Promise.resolve(0);
    default: return unreachable(command);
  }
}

async function sandbox({ options, command }: Extract<Command, { name: "sandbox" }>, powers: Powers): Promise<number> {
  const end = await powers.sandboxCommand({ ...options, command });
  if (end.explain !== undefined) await print(`${JSON.stringify(end.explain, null, 2)}\n`);
  if (end.message) say(end.message);
  if (end.conversation && end.staged) say(`conversation ${end.conversation}, ${end.staged} staged change${end.staged === 1 ? "" : "s"}: bulkhead changes list ${end.conversation}`);
  return end.code;
}

async function run({ options, task }: Extract<Command, { name: "run" }>, powers: Powers): Promise<number> {
  const end = await powers.runTask({
    ...options, task,
    onEvent: (event) => void process.stdout.write(options.json ? `${JSON.stringify(event)}\n` : `${eventLine(event)}\n`),
  });
  if (end.message) say(end.message);
  if (end.code === 2) return 2;
  if (options.json) await print(`${JSON.stringify(end.result)}\n`);
  else {
    const staged = Array.isArray(end.result["staged"]) ? end.result["staged"].length : 0;
    await print(`\n${String(end.result["text"] ?? "").split("\n").map((line) => visible(line, 4000)).join("\n")}\n`);
    say(`conversation ${String(end.result["conversation"])}, ${staged} staged change${staged === 1 ? "" : "s"}`);
  }
  return end.code;
}

async function doctor(options: Options, powers: Powers): Promise<number> {
  const checks = await powers.doctor();
  await print(options.json ? `${JSON.stringify({ checks })}\n` : checks.map((check) => `${check.ok ? "ok    " : "FAILED"} ${check.name}: ${check.why}${check.mend ? `\n       ${check.mend}` : ""}\n`).join(""));
  return checks.every((check) => check.ok) ? 0 : 1;
}

async function prove(options: Options, powers: Powers): Promise<number> {
  const proof = await powers.prove(options);
  if (!proof.ok) {
    say(told(proof.problem));
    // What the machine cannot do is a finding; everything else was wrong in what was asked for.
    return proof.problem.code === "no-containment" || proof.problem.code === "launch-failed" ? 1 : 2;
  }
  await print(options.json ? `${JSON.stringify(proof.value)}\n` : (await import("./proof.ts")).proofText(proof.value));
  return proof.value.summary.ok ? 0 : 1;
}

async function activity(options: Options, powers: Powers): Promise<number> {
  const feed = powers.feed();
  const only = options.conversation ? { conversation: options.conversation } : {};
  if (options.verify) {
    const verified = feed.verify(options.conversation);
    await print(options.json ? `${JSON.stringify(verified)}\n` : `${verified.message}\n`);
    return verified.ok ? 0 : 1;
  }
  const { csvHead, toCsvLine } = await import("./csv.ts");
  const line = options.json ? JSON.stringify : options.csv ? toCsvLine : eventLine;
  if (options.csv) await print(`${csvHead}\n`);
  // Listening begins before the reading, so nothing falls between them; what comes by both ways is printed once.
  const printed = new Map<string, number>();
  let folded: { [conversation: string]: Activity } = {};
  const show = (event: FeedEvent): void => {
    folded[event.conversation] = reduce(folded[event.conversation] ?? noActivity, event);
    printed.set(event.conversation, event.seq);
    process.stdout.write(`${line(event)}\n`);
  };
  const isNew = (event: FeedEvent): boolean => (!options.conversation || event.conversation === options.conversation) && event.seq > (printed.get(event.conversation) ?? 0);
  const end = options.follow ? feed.subscribe((events) => events.filter(isNew).forEach(show)) : undefined;
  feed.each(only, show);
  if (!options.json && !options.csv) say(totals(Object.values(folded)));
  folded = {};
  if (!end) return 0;
  const staysUp = setInterval(() => undefined, 1 << 30);
  await Promise.race(["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => once(process, signal)));
  clearInterval(staysUp);
  end();
  return 0;
}

/** The same fold that the page uses, in one line. */
function totals(all: readonly Activity[]): string {
  const sum = (of: (one: Activity) => number): number => all.reduce((total, one) => total + of(one), 0);
  return `${sum((one) => one.events)} events in ${all.length} chains: ${sum((one) => one.observed)} observed, ${sum((one) => one.claimed)} claimed, ${sum((one) => one.refused)} refused`;
}

async function changes(command: Extract<Command, { name: "changes" }>, powers: Powers): Promise<number> {
  const { conversation, verb, paths, options } = command;
  if (verb === "list") {
    const listed = await powers.changes.list(conversation);
    if (!listed.ok) return failure(listed.problem);
    const under = listed.value.filter((change) => paths.length === 0 || paths.some((path) => change.path === path || change.path.endsWith(`/${path}`)));
    await print(options.json ? `${JSON.stringify(under)}\n` : under.map((change) => `${changeLine(change)}\n`).join(""));
    return 0;
  }
  const report = await powers.changes.act({ conversation, verb, ...(paths.length > 0 ? { paths } : {}) });
  if (!report.ok) return failure(report.problem);
  if (options.json) await print(`${JSON.stringify(report.value)}\n`);
  else await print(report.value.applied.map((path) => `${verb === "apply" ? "applied  " : "discarded"} ${visible(path, 1000)}\n`).join(""));
  for (const one of report.value.refused) say(`left staged: ${one.path}: ${one.reason}`);
  return report.value.refused.length > 0 ? 1 : 0;
}

function failure(problem: Problem): number {
  say(told(problem));
  return problem.code === "bad-input" ? 2 : 1;
}

async function secret({ verb, secret: name, options }: Extract<Command, { name: "secret" }>, powers: Powers): Promise<number> {
  if (verb === "list") {
    const found = await powers.secrets.list();
    await print(options.json ? `${JSON.stringify(found)}\n` : found.names.map((one) => `${one}\n`).join(""));
    if (found.state !== "ready") say(found.state === "locked" ? "the keychain is locked." : "no keychain answers: secrets live in memory for one run only.");
    return found.state === "ready" ? 0 : 1;
  }
  if (verb === "remove") {
    const removed = await powers.secrets.remove(name);
    return removed.ok ? 0 : failure(removed.problem);
  }
  const { state } = await powers.secrets.list();
  if (state !== "ready") {
    say(state === "locked" ? "the keychain is locked; nothing was kept. Unlock it and try again." : "no keychain answers, so the secret was not kept. Install and unlock one (gnome-keyring), then try again.");
    return 1;
  }
  const value = await readSecret();
  if (value === undefined) {
    say("nothing was kept.");
    return 1;
  }
  if (value === "" || /[\0\r\n]/.test(value)) {
    say("standard input held no value of one line; nothing was kept.");
    return 2;
  }
  const kept = await powers.secrets.set(name, value);
  return kept.ok ? 0 : failure(kept.problem);
}

async function conversation({ verb, conversation: id, options }: Extract<Command, { name: "conversation" }>, powers: Powers): Promise<number> {
  if (verb === "delete") {
    const removed = await powers.conversations.remove(id);
    return removed.ok ? 0 : failure(removed.problem);
  }
  const all = powers.conversations.list();
  await print(options.json ? `${JSON.stringify(all)}\n` : all.map((one) => `${one.id}  ${one.updatedAt.slice(0, 16)}  ${visible(one.title, 80)}\n`).join(""));
  return 0;
}
