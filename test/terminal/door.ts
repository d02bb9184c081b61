/** The command line over powers that answer what ANSWERS says: for the tests of its streams and exit codes. */
import type { ApplyReport, StagedChange } from "../../protocol/change.ts";
import type { FeedEvent } from "../../protocol/event.ts";
import { done, failed } from "../../protocol/problem.ts";
import type { Proof } from "../../protocol/proof.ts";
import { main } from "../../main/terminal/main.ts";
import type { Powers } from "../../main/terminal/powers.ts";

type Answer<F extends (...words: never[]) => unknown> = Awaited<ReturnType<F>>;
interface Answers {
  forbidden: boolean;
  breaks: string;
  actor: string;
  events: number;
  verified: { ok: boolean; message: string };
  sandbox: Answer<Powers["sandboxCommand"]>;
  run: Answer<Powers["runTask"]>;
  doctor: Answer<Powers["doctor"]>;
  proof: Proof;
  state: "ready" | "locked" | "absent";
  list: StagedChange[];
  report: ApplyReport;
}
const defaults: Omit<Answers, "proof"> = {
  forbidden: false, breaks: "", actor: "person", events: 1, verified: { ok: true, message: "" }, sandbox: { code: 0 }, run: { code: 0, result: {} },
  doctor: [], state: "ready", list: [], report: { applied: [], refused: [] },
};
const given = JSON.parse(process.env["ANSWERS"] ?? "{}") as Partial<Answers>;
const answers: Omit<Answers, "proof"> = { ...defaults, ...given };
const conversation = "abcdef012345";
const event = {
  seq: 1, at: "2026-01-01T10:00:00.000Z", conversation, actor: answers.actor, evidence: "observed", outcome: "done", hash: "00", kind: "message.sent", detail: { text: "hello" },
} as FeedEvent;
const unknown = failed("not-found", "There is no such thing.");

function createPowers(): Powers {
  if (answers.forbidden) throw new Error("a power was asked for");
  return {
    feed: () => ({
      page: () => ({ events: [event], total: 1 }),
      each: (_, visit) => { for (let seq = 1; seq <= answers.events; seq++) visit({ ...event, seq }); },
      subscribe: () => () => undefined,
      verify: () => answers.verified,
    }),
    sandboxCommand: () => Promise.resolve(answers.sandbox),
    runTask: (wish) => {
      wish.onEvent({ ...event, kind: "turn.started", detail: {} });
      return Promise.resolve(answers.run);
    },
    doctor: () => {
      const code = answers.breaks;
      return answers.breaks ? Promise.reject(Object.assign(new Error(`it broke: ${code}`), { code })) : Promise.resolve(answers.doctor);
    },
    prove: () => Promise.resolve(given.proof ? done(given.proof) : failed("no-containment", "It cannot be confined here.")),
    secrets: {
      set: (name, value) => { process.stderr.write(`kept ${name}, ${value.length} characters\n`); return Promise.resolve(done(undefined)); },
      list: () => Promise.resolve({ state: answers.state, names: ["anthropic"] }),
      remove: () => Promise.resolve(unknown),
    },
    conversations: {
      list: () => [{ id: conversation, title: "a title", createdAt: event.at, updatedAt: event.at, model: "practice", sites: [], grants: [], returned: [] }],
      remove: (id) => Promise.resolve(id === conversation ? done(undefined) : unknown),
    },
    changes: {
      list: () => Promise.resolve(given.list ? done(answers.list) : unknown),
      act: () => Promise.resolve(done(answers.report)),
    },
    openApp: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}

process.exitCode = await main(process.argv.slice(2), createPowers);
