/** Staged changes as the doors see them. All file work happens in the contained worker; here are only paths, events and reports. */
import { chmodSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { changeKindSchema, type ApplyReport, type StagedChange } from "../../protocol/change.ts";
import type { Record } from "../../protocol/event.ts";
import type { Grant } from "../../protocol/grant.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { readFileIfThere, writeFileAtomic } from "../base/atomicFile.ts";

export interface Changes {
  list(conversation: string): Promise<Outcome<StagedChange[]>>;
  /** Without `paths`: everything. What is refused stays staged. */
  apply(conversation: string, paths?: readonly string[]): Promise<Outcome<ApplyReport>>;
  discard(conversation: string, paths?: readonly string[]): Promise<Outcome<ApplyReport>>;
}

interface Layer {
  grant: Grant;
  upper: string;
  work: string;
}

interface Worker {
  exited: Promise<{ code: number | null }>;
  streams?: { stdin: Writable; stdout: Readable; stderr: Readable };
}

export interface ChangesDeps {
  launchWorker(options: { script: string; mounts: { host: string; inside: string; write: boolean }[] }): Promise<Outcome<Worker>>;
  layers(conversation: string): Layer[];
  /** The folder for the pre-images of one applied set; made when asked for. */
  kept(set: string): string;
  /** Whether the folder that was granted still stands there. */
  sameFolder(grant: Grant): boolean;
  record: Record;
  newId(): string;
}

const changeSchema = z.object({
  path: z.string(), from: z.string().optional(), change: changeKindSchema, kind: z.enum(["file", "folder", "link", "special"]), bytes: z.number(), protectedBy: z.string().optional(), runs: z.boolean().optional(),
});
const seenSchema = z.object({ at: z.number().optional(), paths: z.record(z.string(), z.string()) });
type Seen = z.infer<typeof seenSchema>;
const answerSchema = z.object({ changes: z.array(changeSchema).optional(), seen: seenSchema.optional(), applied: z.array(changeSchema).optional(), refused: z.array(z.object({ path: z.string(), reason: z.string() })).optional() });
type Answer = z.infer<typeof answerSchema>;
interface Request { verb: "list" | "apply" | "discard"; paths?: string[]; set?: string; seen: Seen }

export function createChanges(deps: ChangesDeps): Changes {
  const settle = async (verb: "apply" | "discard", conversation: string, paths?: readonly string[]): Promise<Outcome<ApplyReport>> => {
    const report: ApplyReport = { applied: [], refused: [] };
    const set = deps.newId();
    const left = new Set(paths);
    const layers = deps.layers(conversation);
    for (const layer of layers) {
      const own = paths?.flatMap((path) => within(layer.grant.path, path, layers.length));
      if (own?.length === 0) continue;
      for (const path of paths ?? []) if (within(layer.grant.path, path, layers.length).length > 0) left.delete(path);
      const answer = await ask(deps, layer, { verb, set, seen: seenIn(layer), ...(own ? { paths: own } : {}) });
      if (!answer.ok) return answer;
      // What was applied or discarded begins anew when the agent touches it again.
      noteSeen(layer, answer.value.seen, answer.value.applied);
      take({ deps, conversation, layer, verb, set }, answer.value, report);
    }
    for (const path of left) report.refused.push({ path, reason: "it lies in no folder that may be edited here" });
    return done(report);
  };
  return {
    async list(conversation) {
      const all: StagedChange[] = [];
      for (const layer of deps.layers(conversation)) {
        const answer = await ask(deps, layer, { verb: "list", seen: seenIn(layer) });
        if (!answer.ok) return answer;
        noteSeen(layer, answer.value.seen);
        for (const change of answer.value.changes ?? []) all.push(whole(layer.grant, change));
      }
      return done(all);
    },
    apply: (conversation, paths) => settle("apply", conversation, paths),
    discard: (conversation, paths) => settle("discard", conversation, paths),
  };
}

const whole = (grant: Grant, change: z.infer<typeof changeSchema>): StagedChange => ({
  ...change, grant: grant.id, path: `${grant.path}/${change.path}`, ...(change.from === undefined ? {} : { from: `${grant.path}/${change.from}` }),
} as StagedChange);

/** Beside the layer, where only the host writes: how each original stood when its change was first listed. */
const seenFile = (layer: Layer): string => `${layer.upper}.seen.json`;

function seenIn(layer: Layer): Seen {
  const read = seenSchema.safeParse(parse(readFileIfThere(seenFile(layer)) ?? "{}"));
  return read.success ? read.data : { paths: {} };
}

function noteSeen(layer: Layer, seen: Seen | undefined, settled: readonly { path: string; from?: string | undefined }[] = []): void {
  if (!seen) return;
  const gone = new Set(settled.map((change) => change.from ?? change.path));
  try {
    writeFileAtomic(seenFile(layer), JSON.stringify({ ...seen, paths: Object.fromEntries(Object.entries(seen.paths).filter(([path]) => !gone.has(path))) }));
  } catch {
    // A full disk: the times of the files still tell most conflicts, and a list that cannot be had would tell none.
  }
}

/** A person's path as one relative to the grant: absolute, or relative where the conversation has one folder. */
function within(folder: string, path: string, layers: number): string[] {
  if (path.startsWith(`${folder}/`)) return [path.slice(folder.length + 1)];
  return !path.startsWith("/") && layers === 1 ? [path.replace(/^\.\//, "")] : [];
}

function take(at: { deps: ChangesDeps; conversation: string; layer: Layer; verb: "apply" | "discard"; set: string }, answer: Answer, report: ApplyReport): void {
  const { deps, conversation, layer, verb, set } = at;
  const base = { conversation, actor: "person", evidence: "observed" } as const;
  for (const change of answer.applied ?? []) {
    const path = `${layer.grant.path}/${change.path}`;
    report.applied.push(path);
    if (verb === "apply") deps.record({ kind: "change.applied", ...base, outcome: "done", detail: { path, change: change.change, bytes: change.bytes, set } });
    else deps.record({ kind: "change.discarded", ...base, outcome: "done", detail: { path, change: change.change } });
  }
  for (const one of answer.refused ?? []) {
    const path = `${layer.grant.path}/${one.path}`;
    report.refused.push({ path, reason: one.reason });
    if (verb === "apply") deps.record({ kind: "change.applied", ...base, outcome: "refused", reason: one.reason.startsWith("protected") ? "protected-path" : "conflict", detail: { path, change: "edited", bytes: 0, set } });
  }
}

const stopped = {
  list: "The staged changes could not be read; they are as they were.",
  apply: "Applying stopped half-way. The list shows what is still staged; what stood there before was kept.",
  discard: "Discarding stopped half-way. The list shows what is still staged; the folder is as it was.",
} as const;

/** The agent may take every right from the folder that it sees as its root: that is the layer's own folder, and ours. */
function openToUs(upper: string): void {
  try {
    chmodSync(upper, 0o700);
  } catch {
    // The worker says what it cannot read.
  }
}

async function ask(deps: ChangesDeps, layer: Layer, request: Request): Promise<Outcome<Answer>> {
  if (!deps.sameFolder(layer.grant)) {
    return failed("refused-folder", `The folder ${layer.grant.path} is gone, or another one stands in its place. Its staged changes are kept.`, "Put the folder back, then try again.");
  }
  openToUs(layer.upper);
  const write = request.verb !== "list";
  const launched = await deps.launchWorker({
    script: "changesWorker.mjs",
    mounts: [
      { host: layer.grant.path, inside: "/original", write: request.verb === "apply" },
      { host: layer.upper, inside: "/upper", write },
      ...(request.verb === "apply" && request.set ? [{ host: deps.kept(request.set), inside: "/kept", write: true }] : []),
    ],
  });
  if (!launched.ok) return launched;
  const { streams, exited } = launched.value;
  if (!streams) return failed("internal", "The worker has no streams.");
  streams.stdin.end(JSON.stringify(request));
  const [out, said, end] = await Promise.all([text(streams.stdout), text(streams.stderr), exited]);
  const parsed = end.code === 0 ? answerSchema.safeParse(parse(out)) : undefined;
  return parsed?.success ? done(parsed.data) : failed("internal", `${stopped[request.verb]} (${layer.grant.path})`, said.split("\n").find((line) => line.includes("Error"))?.slice(0, 200));
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
