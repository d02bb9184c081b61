/**
 * The proof: plants things outside, launches one fresh sandbox with the desk's own spec in which the probe program tries to reach them,
 * then lets the same program try outside. A line holds only where the inside failed and the outside did not.
 * It knows no weaker launch: `launch` is the one that agents get. Staging layers are fresh, so nothing of the conversation changes.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { done, type Outcome } from "../../protocol/problem.ts";
import type { Proof, ProofLine, ProofMachine } from "../../protocol/proof.ts";
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { removeTree } from "../base/removeTree.ts";
import { borderLines } from "./borderLines.ts";
import { fileLines, leftInFolders } from "./fileLines.ts";
import { kernelLines } from "./kernelLines.ts";
import type { Line } from "./line.ts";
import type { SessionSockets } from "./sessionSockets.ts";
import { packSteps, readAnswers, type Answers, type Step } from "./step.ts";
import { plant, type Decoy, type ProvePlaces, type World } from "./world.ts";

/** The probe program as it lies in every sandbox. */
const probeInside = ["/run/bulkhead/init", "probe"];
const longest = 15_000;

interface Launched {
  streams?: { stdin: Writable; stdout: Readable; stderr: Readable };
  exited: Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface ProveDeps {
  launch(spec: SandboxSpec): Promise<Outcome<Launched>>;
  /** Runs the same program outside, with the app's environment and one descriptor more; resolves with what it said. */
  outside(steps: Buffer): Promise<string>;
  /** A process of ours with this word among its arguments. */
  decoy(word: string): Decoy;
  places: ProvePlaces;
  keyStores: readonly string[];
  machine: ProofMachine;
  environment: NodeJS.ProcessEnv;
  sockets: SessionSockets;
  now(): Date;
}

export interface ProvedDesk { spec: SandboxSpec; conversation?: string; sites: readonly string[] }

export async function prove(deps: ProveDeps, desk: ProvedDesk): Promise<Outcome<Proof>> {
  const begun = performance.now();
  const date = deps.now().toISOString();
  const world = await plant({ ...deps, canary: randomBytes(12).toString("hex") });
  const spec = withFreshStaging({ ...desk.spec, command: probeInside }, world);
  let survived = false;
  try {
    await deps.outside(packSteps([["segment", String(world.segment), "make"]]));
    const lines = [
      ...fileLines({ world, spec, places: deps.places, keyStores: deps.keyStores }),
      ...borderLines({ world, spec, sockets: deps.sockets, survived: () => survived }), ...kernelLines(spec),
    ];
    const inside = await tryInside(deps, spec, lines.flatMap((line) => line.inside));
    if (!inside.ok) return inside;
    survived = world.decoy.alive();
    const control = await tryOutside(deps, lines.flatMap((line) => line.control));
    const judged = judge(lines, inside.value, control);
    const count = (verdict: ProofLine["verdict"]): number => judged.filter((line) => line.verdict === verdict).length;
    return done({
      version: 1, date, machine: deps.machine, spec: hashOf(desk.spec),
      desk: { ...(desk.conversation ? { conversation: desk.conversation } : {}), folders: spec.folders.map(({ path, access }) => ({ path, access })), sites: [...desk.sites] },
      ms: Math.round(performance.now() - begun), lines: judged,
      summary: { ok: judged.every((line) => line.ok), held: count("held"), open: count("open"), notProved: count("not-proved") },
    });
  } finally {
    await deps.outside(packSteps([["segment", String(world.segment), "remove"]]));
    for (const path of leftInFolders(spec, world)) removeTree(path);
    await world.remove();
  }
}

/** What the conversation has staged is not touched, and its own layer may be in use. */
function withFreshStaging(spec: SandboxSpec, world: World): SandboxSpec {
  const folders = spec.folders.map((folder, index) => {
    if (folder.access === "read") return folder;
    const [upper, work] = ["upper", "work"].map((name) => join(world.data, String(index), name)) as [string, string];
    for (const path of [upper, work]) mkdirSync(path, { recursive: true, mode: 0o700 });
    return { ...folder, upper, work };
  });
  return { ...spec, folders };
}

async function tryInside(deps: ProveDeps, spec: SandboxSpec, steps: Step[]): Promise<Outcome<Answers>> {
  const launched = await deps.launch(spec);
  if (!launched.ok) return launched;
  const { streams, exited, stop } = launched.value;
  const late = setTimeout(() => void stop(), longest);
  let said = "";
  streams?.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  streams?.stderr.resume();
  const closed = streams ? new Promise((resolve) => streams.stdout.once("close", resolve)) : undefined;
  streams?.stdin.end(packSteps(steps));
  await exited;
  await closed;
  clearTimeout(late);
  return done(readAnswers(said, steps.length));
}

async function tryOutside(deps: ProveDeps, steps: Step[]): Promise<Answers> {
  return readAnswers(await deps.outside(packSteps(steps)), steps.length);
}

/** A step without an answer shows nothing, on either side. */
function judge(lines: readonly Line[], inside: Answers, control: Answers): ProofLine[] {
  let [at, there] = [0, 0];
  return lines.map((line) => {
    const found = line.inside.map((_, index) => inside.at(at + index));
    const checked = line.control.map((_, index) => control.at(there + index));
    at += line.inside.length;
    there += line.control.length;
    const unheard = !inside.whole || !control.whole || [...found, ...checked].includes(undefined);
    const { held, reached, ...told } = line.judge(found, checked);
    const verdict = unheard ? "not-proved" : !held ? "open" : reached ? "held" : "not-proved";
    const word = verdict === "held" ? line.holds : verdict === "open" ? line.fails : "not proved";
    return { id: line.id, title: `${line.subject}: ${word}`, tried: line.tried, ...told, ...(unheard ? { inside: "the probe did not answer" } : {}), verdict, ok: verdict === "held" };
  });
}

/** The same desk has the same hash in every run: what is new each time (sockets, token, layers) counts only as given or not. */
function hashOf(spec: SandboxSpec): string {
  const folders = spec.folders.map(({ path, access, device, inode }) => ({ path, access, device, inode }));
  const lasting = { ...spec, folders, command: [], egressSocket: spec.egressSocket !== undefined, socketToken: spec.socketToken !== undefined, trustBundle: spec.trustBundle !== undefined };
  return createHash("sha256").update(JSON.stringify(lasting)).digest("hex");
}
