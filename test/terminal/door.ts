/** The command line over powers that answer what ANSWERS says: for the tests of its streams and exit codes. */
import type { FeedEvent } from "../../protocol/event.ts";
import { done, failed } from "../../protocol/problem.ts";
import { main } from "../../main/terminal/main.ts";
import type { Powers } from "../../main/terminal/powers.ts";

const answers = JSON.parse(process.env["ANSWERS"] ?? "{}") as { [name: string]: never };
const conversation = "abcdef012345";
const event = {
  seq: 1, at: "2026-01-01T10:00:00.000Z", conversation, actor: answers["actor"] ?? "person", evidence: "observed", outcome: "done", hash: "00", kind: "message.sent", detail: { text: "hello" },
} as FeedEvent;
const unknown = failed("not-found", "There is no such thing.");

function createPowers(): Powers {
  if (answers["forbidden"]) throw new Error("a power was asked for");
  return {
    feed: () => ({
      page: () => ({ events: [event], total: 1 }),
      each: (_, visit) => { for (let seq = 1; seq <= Number(answers["events"] ?? 1); seq++) visit({ ...event, seq }); },
      subscribe: () => () => undefined,
      verify: () => answers["verified"],
    }),
    sandboxCommand: () => Promise.resolve(answers["sandbox"]),
    runTask: (wish) => {
      wish.onEvent({ ...event, kind: "turn.started", detail: {} });
      return Promise.resolve(answers["run"]);
    },
    doctor: () => {
      const code = String(answers["breaks"]);
      return answers["breaks"] ? Promise.reject(Object.assign(new Error(`it broke: ${code}`), { code })) : Promise.resolve(answers["doctor"]);
    },
    secrets: {
      set: (name, value) => { process.stderr.write(`kept ${name}, ${value.length} characters\n`); return Promise.resolve(done(undefined)); },
      list: () => Promise.resolve({ state: answers["state"] ?? "ready", names: ["anthropic"] }),
      remove: () => Promise.resolve(unknown),
    },
    conversations: {
      list: () => [{ id: conversation, title: "a title", createdAt: event.at, updatedAt: event.at, model: "practice", sites: [], grants: [], returned: [] }],
      remove: (id) => Promise.resolve(id === conversation ? done(undefined) : unknown),
    },
    changes: {
      list: () => Promise.resolve(answers["list"] ? done(answers["list"]) : unknown),
      act: () => Promise.resolve(done(answers["report"])),
    },
    openApp: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}

process.exitCode = await main(process.argv.slice(2), createPowers);
