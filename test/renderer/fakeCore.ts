/** A small core with made-up content, for tests of the page and the door alone. The real one is tested by the journeys. */
import { calls, type CallName, type Core, type Push } from "../../protocol/api.ts";
import { type Settings } from "../../protocol/settings.ts";
import type { StagedChange } from "../../protocol/change.ts";
import type { Proof } from "../../protocol/proof.ts";
import type { Conversation, Message } from "../../protocol/conversation.ts";
import type { EventDraft, FeedEvent } from "../../protocol/event.ts";

export const conversationId = "abcdefghijkl";
const at = (minute: number): string => `2026-11-24T09:${String(minute).padStart(2, "0")}:12.000Z`;
const base = { conversation: conversationId, turn: "turn00000001" };
const grant = { id: "grant0000001", path: "/home/person/Invoices", access: "edit" as const, lasting: "conversation" as const, device: "1", inode: "2" };

const conversation: Conversation = {
  id: conversationId, title: "Quarterly invoices", createdAt: at(1), updatedAt: new Date().toISOString(), model: "practice", sites: ["api.example.com"],
  grants: [grant, { ...grant, id: "grant0000002", path: "/home/person/Templates", access: "read", inode: "3" }], returned: [],
};

const messages: Message[] = [
  { id: "m1", turn: base.turn, role: "person", at: at(2), parts: [{ type: "text", text: "Sort the invoices by month and write me a short summary of the quarter." }] },
  { id: "m2", turn: base.turn, role: "agent", at: at(2), ended: "settled", parts: [
    { type: "plan", entries: [{ content: "Look through the folder", status: "completed" }, { content: "Sort the invoices by month", status: "completed" }, { content: "Write summary.md", status: "completed" }] },
    { type: "step", step: { id: "s1", tool: "list", title: "List Invoices", status: "completed", output: "31 files\ninvoice-001.pdf" } },
    { type: "step", step: { id: "s2", tool: "move", title: "Move 31 files into 3 folders", status: "completed", output: "July, August, September" } },
    { type: "step", step: { id: "s3", tool: "fetch", title: "Fetch rates from pastebin.com", status: "failed", output: "403 refused by Bulkhead: no site on the desk allows pastebin.com" } },
    { type: "text", text: "Done. The quarter in short:\n\n| Month | Invoices | Total |\n|---|---|---|\n| July | 11 | 14,230 |\n| August | 9 | 9,870 |\n| September | 11 | 17,005 |\n\nThree invoices have no date; they are in `unsorted`. See [the guide](https://docs.example.com/guide). <b>raw</b> ![pixel](https://evil.example/p.png)" },
  ] },
];

const drafts: EventDraft[] = [
  { ...base, kind: "message.sent", actor: "person", evidence: "observed", outcome: "done", detail: { text: "Sort the invoices by month" } },
  { ...base, kind: "sandbox.started", actor: "host", evidence: "observed", outcome: "done", detail: { backend: "bubblewrap", pid: 4, ms: 12 } },
  { ...base, kind: "tool.called", actor: "agent", evidence: "claimed", outcome: "done", detail: { id: "t1", tool: "read", summary: "31 files in Invoices", status: "completed" } },
  { ...base, kind: "model.called", actor: "host", evidence: "observed", outcome: "done", detail: { provider: "practice", model: "practice", inputTokens: 1200, outputTokens: 240, ms: 20 } },
  { ...base, kind: "network.requested", actor: "agent", evidence: "observed", outcome: "refused", reason: "no-rule", detail: { host: "pastebin.com", port: 443, bytesOut: 0, bytesIn: 0 } },
  { ...base, kind: "file.staged", actor: "agent", evidence: "observed", outcome: "done", detail: { path: "/home/person/Invoices/summary.md", change: "created", bytes: 900 } },
  { ...base, kind: "turn.settled", actor: "host", evidence: "observed", outcome: "done", detail: {} },
];

export function makeEvents(count: number): FeedEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const draft = drafts[index % drafts.length] as EventDraft;
    return { ...draft, seq: index + 1, at: at(index % 60), hash: "0".repeat(64) } as FeedEvent;
  });
}

const change = (name: string, kind: StagedChange["change"], more: Partial<StagedChange> = {}): StagedChange =>
  ({ grant: grant.id, path: `/home/person/Invoices/${name}`, change: kind, kind: "file", bytes: kind === "deleted" ? 0 : 18_400, ...more });

const changes: StagedChange[] = [
  change("summary.md", "created"), change("July/invoice-004.pdf", "renamed", { from: "/home/person/Invoices/invoice-004.pdf" }), change("old-draft.docx", "deleted"),
  change("totals.xlsx", "edited"), change(".git/hooks/post-checkout", "created", { protectedBy: "git hooks" }), change("August/rates.csv", "created"),
];

const proofLine: Proof["lines"][number] = { id: "home", title: "your home: not there", tried: "a planted file", inside: "none of the 2 is there", control: "all 2 opened", verdict: "held", ok: true };
const proof: Proof = {
  version: 1, date: at(30), machine: { kernel: "6.18.0", architecture: "x64", bubblewrap: "0.8.0", root: false, launcher: "a".repeat(64), filter: "b".repeat(64) }, spec: "c".repeat(64), desk: { conversation: conversationId, folders: [], sites: [] }, ms: 300,
  lines: [proofLine, { ...proofLine, id: "network", title: "the network: not proved", inside: "none arrived \u202e", control: "0 of 5 tries arrived", verdict: "not-proved", ok: false }], summary: { ok: false, held: 1, open: 0, notProved: 1 },
};

const settings: Settings = { language: "system", theme: "system", model: "practice", welcomed: true };

export interface FakeCore extends Core {
  asked: { name: CallName; input: unknown }[];
  push(push: Push): void;
}

export function createFakeCore(o: { welcomed?: boolean; events?: number; running?: boolean } = {}): FakeCore {
  const listeners = new Set<(push: Push) => void>();
  const asked: FakeCore["asked"] = [];
  const events = makeEvents(o.events ?? 40);
  let kept: Settings = { ...settings, welcomed: o.welcomed ?? true };
  let staged = changes;
  const known = o.welcomed === false ? [] : [conversation, { ...conversation, id: "bcdefghijklm", title: "Letters to clients", updatedAt: at(1) }];
  const answers: { [N in CallName]?: (input: never) => unknown } = {
    "conversation.list": () => known,
    "conversation.create": () => conversation,
    "conversation.open": () => ({ conversation, messages, running: o.running ?? false, containment: { state: "ready", message: "Contained" } }),
    "changes.list": () => staged,
    "changes.discard": (input: { paths?: string[] }) => { staged = input.paths ? staged.filter((one) => !input.paths?.includes(one.path)) : []; return { applied: [], refused: [] }; },
    "changes.apply": (input: { paths?: string[] }) => {
      const wanted = staged.filter((one) => input.paths?.includes(one.path) ?? true);
      const refused = wanted.filter((one) => one.protectedBy);
      staged = staged.filter((one) => !wanted.includes(one) || one.protectedBy);
      return { applied: wanted.filter((one) => !one.protectedBy).map((one) => one.path), refused: refused.map((one) => ({ path: one.path, reason: "Protected: git hooks are never changed." })) };
    },
    "feed.page": (input: { before?: number; limit: number }) => {
      const older = events.filter((event) => event.seq < (input.before ?? Infinity));
      return { events: older.slice(-input.limit).reverse(), total: events.length };
    },
    "settings.get": () => kept,
    "settings.set": (input: Partial<Settings>) => (kept = { ...kept, ...input }),
    "secret.state": () => ({ keychain: "ready", names: [] }),
    "secret.set": () => ({}),
    "turn.pause": () => ({}),
    "turn.resume": () => ({}),
    "folder.pick": () => ({ browse: true }),
    "folder.browse": () => ({ path: "/home/person", parent: "/home", entries: ["Documents", "Invoices", "Pictures"].map((name) => ({ name, path: `/home/person/${name}`, folder: true })) }),
    "folder.facts": (input: { path: string }) => ({ path: input.path, name: "Invoices", files: 212, bytes: 48_200_000, counted: true, sensitive: [".env", "bank-login.kdbx"] }),
    "grant.give": () => grant,
    "prove": () => proof,
    "doctor.run": () => [{ name: "Confinement", ok: true, why: "A sandbox started and could reach nothing." }, { name: "Keychain", ok: false, why: "No keychain answers.", mend: "apt install gnome-keyring" }],
  };
  return {
    asked,
    push: (push) => listeners.forEach((listener) => listener(push)),
    async call(name, input) {
      asked.push({ name, input });
      const parsed = calls[name].input.safeParse(input);
      const answer = answers[name];
      if (!parsed.success || !answer) return { problem: { code: "bad-input", message: `The made-up core does not know ${name}.` } };
      return { output: answer(parsed.data as never) };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() { listeners.clear(); },
  };
}
