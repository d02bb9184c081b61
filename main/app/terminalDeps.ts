/** The command line's powers, made of the rooms. Loaded parts follow the command: `sandbox` never loads the page's API. */
import { constants } from "node:os";
import type { FeedEvent, LimitHit } from "../../protocol/event.ts";
import type { Grant } from "../../protocol/grant.ts";
import type { Outcome, Problem } from "../../protocol/problem.ts";
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { mountsOf, putOnDesk, wishToGrant, type FolderWish } from "./desk.ts";
import { bindSecrets, networkEnvironment, openEgress, parseRules, writeBundle, type Reach, type SecretWish } from "./network.ts";
import { describeHit, reach } from "../sandbox/limits.ts";
import { limitEvent } from "../turn/ending.ts";
import { findPlaces } from "./places.ts";
import type { ProveWish } from "./prove.ts";
import { openRooms, type Rooms } from "./rooms.ts";

export interface ReachWish {
  folders: { path: string; access: "read" | "edit" }[];
  allow: string[];
  env: { [name: string]: string };
  secrets: SecretWish[];
  seconds?: number;
  memoryBytes?: number;
  processes?: number;
  conversation?: string;
}

export interface SandboxWish extends ReachWish {
  explain: boolean;
  command: string[];
}

export interface SandboxEnd {
  code: number;
  conversation?: string;
  staged?: number;
  message?: string;
  explain?: unknown;
}

export interface TaskWish extends ReachWish {
  task: string;
  model?: string;
  review: "stage" | "apply";
  onEvent(event: FeedEvent): void;
}

const usage = (problem: Problem): SandboxEnd => ({ code: 2, message: problem.mend ? `${problem.message} ${problem.mend}` : problem.message });

interface Prepared {
  reach: Reach;
  grants: Grant[];
}

/** Everything that can be refused is refused here, before anything is created. */
async function prepare(rooms: Rooms, wish: ReachWish): Promise<Outcome<Prepared>> {
  const grants: Grant[] = [];
  for (const folder of wish.folders) {
    const grant = wishToGrant(rooms, { ...folder, lasting: "conversation" } satisfies FolderWish);
    if (!grant.ok) return grant;
    grants.push(grant.value);
  }
  const rules = parseRules(wish.allow);
  if (!rules.ok) return rules;
  const secrets = await bindSecrets(rooms, wish.secrets);
  if (!secrets.ok) return secrets;
  if (wish.conversation) {
    const found = rooms.conversations.get(wish.conversation);
    if (!found.ok) return found;
  }
  return { ok: true, value: { reach: { rules: rules.value, secrets: secrets.value }, grants } };
}

/** The conversation that a command works in: the named one, or a new one; its desk gets the command's folders. */
function openConversation(rooms: Rooms, wish: ReachWish & { title: string; model?: string }, grants: readonly Grant[]): string {
  const { title, model } = wish;
  const id = wish.conversation ?? rooms.conversations.create({ title: title.slice(0, 80), model: model ?? rooms.settings.get().model }).id;
  if (!wish.conversation) rooms.feed.record({ kind: "conversation.started", conversation: id, actor: "person", evidence: "observed", outcome: "done", detail: { title: title.slice(0, 80) } });
  rooms.conversations.change(id, (old) => {
    const desk = grants.reduce(putOnDesk, old);
    return { ...desk, ...(model ? { model } : {}) };
  });
  for (const grant of grants) {
    rooms.feed.record({ kind: "grant.given", conversation: id, actor: "person", evidence: "observed", outcome: "allowed", detail: { path: grant.path, access: grant.access, grant: grant.id } });
  }
  return id;
}

const limitsOf = (wish: ReachWish): SandboxSpec["limits"] => ({
  processes: wish.processes ?? 512, openFiles: 4096, privateBytes: 1 << 30, memoryBytes: wish.memoryBytes, seconds: wish.seconds,
});

function commandSpec(wish: SandboxWish, folders: SandboxSpec["folders"], environment: { [name: string]: string }): SandboxSpec {
  return {
    command: wish.command, folders, environment: { ...environment, ...wish.env }, withAgent: false,
    limits: limitsOf(wish),
  };
}

async function sandboxCommand(rooms: Rooms, wish: SandboxWish): Promise<SandboxEnd> {
  const prepared = await prepare(rooms, wish);
  if (!prepared.ok) return usage(prepared.problem);
  const { reach, grants } = prepared.value;
  if (wish.explain) {
    const folders = grants.map(({ path, access, device, inode }) => ({ path, access, device, inode, ...(access === "edit" ? { upper: "(staging)/upper", work: "(staging)/work" } : {}) }));
    return { code: 0, explain: rooms.sandbox.explain(commandSpec(wish, folders, networkEnvironment(reach))) };
  }
  const id = openConversation(rooms, { ...wish, title: wish.command.join(" ") }, grants);
  const lock = rooms.conversations.lock(id);
  if (!lock.ok) return { ...usage(lock.problem), code: 1 };
  const sockets = rooms.socketDirectory();
  rooms.closers.add(sockets.remove);
  rooms.closers.add(lock.value);
  const egress = await openEgress(rooms, { socketPath: `${sockets.path}/e`, token: sockets.token, conversation: id, turn: () => undefined }, () => reach);
  rooms.closers.add(egress.close);
  const conversation = rooms.conversations.get(id);
  // What the person edited since the last listing is known before the command touches it: no false conflict later.
  if (wish.conversation) await (await rooms.changes()).list(id);
  const folders = conversation.ok ? mountsOf(rooms, conversation.value) : conversation;
  if (!folders.ok) return usage(folders.problem);
  const spec: SandboxSpec = { ...commandSpec(wish, folders.value, egress.environment), egressSocket: `${sockets.path}/e`, socketToken: sockets.token, ...(egress.trustBundle ? { trustBundle: writeBundle(sockets.path, egress.trustBundle) } : {}) };
  const end = await runCommand(rooms, id, spec);
  const staged = grants.some((grant) => grant.access === "edit") || (conversation.ok && conversation.value.grants.some((grant) => grant.access === "edit")) ? await recordStaged(rooms, id) : 0;
  return { ...end, conversation: id, staged };
}

async function runCommand(rooms: Rooms, id: string, spec: SandboxSpec): Promise<SandboxEnd> {
  const host = { conversation: id, actor: "host", evidence: "observed" } as const;
  const launched = await rooms.sandbox.launch(spec, { kind: "handed" }, { asks: false, onLimit: (hit) => void rooms.feed.record(limitEvent({ conversation: id }, hit)) });
  if (!launched.ok) {
    const { message, mend } = launched.problem;
    rooms.feed.record({ kind: "sandbox.refused", ...host, outcome: "refused", reason: "no-containment", detail: mend ? { message, mend } : { message } });
    return { code: 125, message: mend ? `${message} ${mend}` : message };
  }
  const box = launched.value;
  rooms.feed.record({ kind: "sandbox.started", ...host, outcome: "done", detail: { backend: box.backend, pid: box.pid, ms: box.ms, limits: box.limits, command: spec.command.join(" ").slice(0, 2000) } });
  const end = await box.exited;
  rooms.feed.record({ kind: "sandbox.ended", ...host, outcome: end.hit ? "failed" : "done", ...(end.hit ? { reason: end.timeUp ? "time-was-up" as const : "limit" as const } : {}), detail: { code: end.code, ...(end.signal ? { signal: end.signal } : {}) } });
  if (end.timeUp) return { code: 124, message: `the wall time of ${spec.limits.seconds} seconds was up; everything inside was ended.` };
  if (end.hit) return { code: 137, message: describeHit(end.hit) };
  return { code: end.code ?? 128 + (constants.signals[(end.signal ?? "SIGKILL") as NodeJS.Signals] ?? 9) };
}

async function recordStaged(rooms: Rooms, id: string): Promise<number> {
  const listed = await (await rooms.changes()).list(id);
  if (!listed.ok) return 0;
  rooms.feed.recordAll(listed.value.map((change) => ({
    kind: "file.staged", conversation: id, actor: "agent", evidence: "observed", outcome: "done",
    detail: { path: change.path, ...(change.from ? { from: change.from } : {}), change: change.change, bytes: change.bytes },
  })));
  return listed.value.length;
}

async function runTask(rooms: Rooms, wish: TaskWish): Promise<{ code: number; result: { [name: string]: unknown }; message?: string }> {
  const prepared = await prepare(rooms, wish);
  if (!prepared.ok) return { code: 2, result: { kind: "result", outcome: "refused" }, message: usage(prepared.problem).message ?? "" };
  const { createCore } = await import("./compose.ts");
  let known: string | undefined;
  const early: FeedEvent[] = [];
  let hit: LimitHit | undefined;
  const tell = (event: FeedEvent): void => {
    if (event.kind === "sandbox.limit" && event.detail.action === "ended" && (known === undefined || event.conversation === known)) hit = event.detail;
    if (known === undefined) early.push(event);
    else if (event.conversation === known) wish.onEvent(event);
  };
  const unsubscribe = rooms.feed.subscribe((events) => events.forEach(tell));
  const id = openConversation(rooms, { ...wish, title: wish.task }, prepared.value.grants);
  known = id;
  early.forEach(tell);
  const core = createCore({ rooms, extraReach: () => ({ ...prepared.value.reach, environment: wish.env }), limits: { ...limitsOf(wish), seconds: undefined } });
  let timeUp = false;
  const sent = core.turns.send(id, wish.task);
  if (!sent.ok) return { code: 1, result: { kind: "result", outcome: "failed", conversation: id }, message: usage(sent.problem).message ?? "" };
  const timer = wish.seconds ? setTimeout(() => {
    timeUp = true;
    rooms.feed.record(limitEvent({ conversation: id }, { ...reach("wall-time", wish.seconds ?? 0, wish.seconds ?? 0), action: "ended" }));
    void core.turns.stop(id);
  }, wish.seconds * 1000) : undefined;
  const stop = (): void => void core.turns.stop(id);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
  const message = await sent.value.settled;
  clearTimeout(timer);
  await core.turns.rest(id);
  const changes = await rooms.changes();
  const applied = wish.review === "apply" && message.ended === "settled" ? await (await import("./handlers.ts")).changeStaged(rooms, { conversation: id, verb: "apply" }) : undefined;
  const staged = await changes.list(id);
  unsubscribe();
  const refused = !rooms.feed.page({ conversation: id, limit: 1, kinds: ["sandbox.started"] }).total;
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const outcome = timeUp ? "time-up" : (message.ended ?? "failed");
  const result = { kind: "result", outcome, conversation: id, text: message.problem ?? text, staged: staged.ok ? staged.value : [], ...(applied?.ok ? { applied: applied.value } : {}) };
  const ended = hit as LimitHit | undefined;
  return { code: message.ended === "settled" && !timeUp ? 0 : refused ? 125 : 1, result, ...(ended && !timeUp ? { message: describeHit(ended) } : timeUp ? { message: `the wall time of ${wish.seconds} seconds was up; what was changed until then is staged.` } : message.problem ? { message: message.problem } : {}) };
}

/** The deps of main/terminal: rooms open at the first use, one close at the end. */
export function createTerminalDeps() {
  let rooms: Rooms | undefined;
  const open = (): Rooms => (rooms ??= openRooms(findPlaces(process.env), () => new Date()));
  return {
    feed: () => open().feed,
    core: async () => (await import("./compose.ts")).createCore({ rooms: open() }),
    sandboxCommand: (wish: SandboxWish) => sandboxCommand(open(), wish),
    runTask: (wish: TaskWish) => runTask(open(), wish),
    doctor: async () => (await import("./doctor.ts")).runDoctor(open()),
    prove: async (wish: ProveWish) => (await import("./prove.ts")).runProof(open(), wish),
    secrets: {
      set: async (name: string, value: string) => (await open().vault()).set(name, value),
      list: async () => { const vault = await open().vault(); return { state: vault.state(), names: vault.list() }; },
      remove: async (name: string) => (await open().vault()).remove(name),
    },
    conversations: {
      list: () => open().conversations.list(),
      remove: async (id: string) => (await import("./handlers.ts")).removeConversation(open(), id),
    },
    changes: {
      list: async (id: string) => { const found = open().conversations.get(id); return found.ok ? (await open().changes()).list(id) : found; },
      act: async (wish: { conversation: string; verb: "apply" | "discard"; paths?: string[] }) => (await import("./handlers.ts")).changeStaged(open(), wish),
    },
    openApp: async () => (await import("./openApp.ts")).openApp(open()),
    close: async () => { await rooms?.closers.close(); },
  };
}
export type TerminalDeps = ReturnType<typeof createTerminalDeps>;
