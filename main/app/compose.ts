/** The map: one core over all rooms, for the doors. `call` parses, acts, and answers with an output or a Problem; it never throws. */
import { calls, type CallName, type Core, type Push } from "../../protocol/api.ts";
import type { Outcome, Problem } from "../../protocol/problem.ts";
import type { Limits } from "../../protocol/sandboxSpec.ts";
import { newId } from "../base/id.ts";
import { openLink } from "../link/link.ts";
import { createTurns, type Turns } from "../turn/turns.ts";
import { createHandlers, type Handlers } from "./handlers.ts";
import { mountsOf } from "./desk.ts";
import { openEgress, parseRules, writeBundle, type Reach } from "./network.ts";
import type { Rooms } from "./rooms.ts";

export interface ComposeOptions {
  rooms: Rooms;
  /** The system's folder dialog; without it the page shows its own picker. */
  pickFolder?: () => Promise<string | undefined>;
  /** What a command line adds to one conversation's reach; none for the app. */
  extraReach?: (conversation: string) => Partial<Reach> & { environment?: { [name: string]: string } };
  /** Limits of the command line, in place of the defaults. */
  limits?: Partial<Limits>;
}

export interface ComposedCore extends Core {
  turns: Turns;
}

export function createCore(options: ComposeOptions): ComposedCore {
  const { rooms } = options;
  const listeners = new Set<(push: Push) => void>();
  const push = (message: Push): void => {
    for (const listener of listeners) listener(message);
  };
  const turns = composeTurns(options, push);
  rooms.closers.add(rooms.feed.subscribe((events) => push({ push: "feed", events })));
  const handlers = createHandlers({ rooms, turns, push, ...(options.pickFolder ? { pickFolder: options.pickFolder } : {}) });
  return {
    turns,
    async call(name, input) {
      const parsed = calls[name].input.safeParse(input);
      if (!parsed.success) return { problem: { code: "bad-input", message: `${name} was asked for with something it does not take. Nothing was done.` } };
      try {
        const outcome = await run(handlers, name, parsed.data);
        return outcome.ok ? { output: outcome.value } : { problem: outcome.problem };
      } catch (error) {
        rooms.logger.log(name, "failed", error);
        return { problem: asProblem(error) };
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      await turns.close();
      listeners.clear();
      await rooms.closers.close();
    },
  };
}

async function run(handlers: Handlers, name: CallName, input: unknown): Promise<Outcome<unknown>> {
  // The input was parsed by the schema of this very call one line above the caller.
  const handler = handlers[name] as (input: unknown) => Outcome<unknown> | Promise<Outcome<unknown>>;
  return handler(input);
}

function composeTurns(options: ComposeOptions, push: (message: Push) => void): Turns {
  const { rooms } = options;
  const reach = (id: string): Reach => {
    const found = rooms.conversations.get(id);
    const rules = found.ok ? parseRules(found.value.sites) : found;
    const extra = options.extraReach?.(id);
    return { rules: [...(rules.ok ? rules.value : []), ...(extra?.rules ?? [])], secrets: extra?.secrets ?? [] };
  };
  return createTurns({
    record: rooms.feed.record,
    conversations: rooms.conversations,
    socketDirectory: rooms.socketDirectory,
    async startEgress(egress) {
      const opened = await openEgress(rooms, egress, () => reach(egress.conversation));
      return { ...opened, environment: { ...opened.environment, ...options.extraReach?.(egress.conversation).environment } };
    },
    async startGateway(gateway) {
      const { startGateway } = await import("../gateway/gateway.ts");
      const vault = await rooms.vault();
      return startGateway({
        ...gateway,
        model: () => modelOf(rooms, gateway.conversation),
        anthropicBaseUrl: () => rooms.settings.get().anthropicBaseUrl ?? "https://api.anthropic.com",
        lend: vault.lend,
        record: rooms.feed.record,
      });
    },
    openLink,
    // A command line has nobody to ask: what would wait for a person ends there.
    launch: (spec, { onOutput, onLimit }) => rooms.sandbox.launch({ ...spec, limits: { ...spec.limits, ...options.limits } }, { kind: "pty", cols: 120, rows: 40, onOutput }, { asks: options.extraReach === undefined, onLimit }),
    mounts: (conversation) => mountsOf(rooms, conversation),
    writeBundle,
    staged: async (id) => (await rooms.changes()).list(id),
    newId,
    now: rooms.now,
    onUpdates: (conversation, turn, updates) => push({ push: "update", conversation, turn, updates }),
    onChanged: (conversation, what) => push({ push: "changed", conversation, what }),
    onTerminal: (conversation, text) => push({ push: "terminal", conversation, text }),
    log: (message, cause) => rooms.logger.log("turn", message, cause),
  });
}

function modelOf(rooms: Rooms, id: string): string {
  const found = rooms.conversations.get(id);
  return found.ok ? found.value.model : "practice";
}

/** What a person is told of an error that nobody expected. The cause stays in the log. */
export function asProblem(error: unknown): Problem {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const text = error instanceof Error ? error.message : "";
  if (code === "ENOSPC" || code === "EDQUOT" || text.includes("database or disk is full")) {
    return { code: "disk-full", message: "The disk is full. Nothing was changed.", mend: "Free some space and try again." };
  }
  return { code: "internal", message: "Something inside Bulkhead failed. Your files are as they were.", mend: "Try again; the log has the cause." };
}
