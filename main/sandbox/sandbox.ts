/**
 * The sandbox room: spec → plan → launch. The only way to start anything on the agent's behalf.
 * Every launch is confined or does not happen: there is no parameter, variable or error path that runs a command without containment.
 */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../protocol/api.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { sandboxSpecSchema, type SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { probeConfining, readMachine } from "./doctor.ts";
import { openGroup, scopeGroup, type Group } from "./group.ts";
import { openGuard, type LimitListener } from "./guard.ts";
import { openHanded } from "./handed.ts";
import { readFacts, readHost, type Hashed, type HostPlaces } from "./host.ts";
import { runLauncher, type Launched, type LauncherRun } from "./launcher.ts";
import { boundLimits, type Bounds } from "./limits.ts";
import { planLaunch, planMessage, specFault, type WorkerMount } from "./plan.ts";
import { newId } from "../base/id.ts";
import { listProcesses } from "./processes.ts";
import type { Running, SandboxEnd } from "./running.ts";
import { canScope, realMachine, scopeThrough } from "./scope.ts";
import { explainSeatbelt, launchSeatbelt, type SelfTest } from "./seatbeltLaunch.ts";
import { openTerminal } from "./terminal.ts";
import { checkLimits } from "./tier.ts";
import { drain, type Wiring } from "./wiring.ts";
import { tryLaunch, tryStaging } from "./tries.ts";

export type LaunchIo =
  | { kind: "pty"; cols: number; rows: number; onOutput: (text: string) => void }
  | { kind: "handed" }
  | { kind: "piped" };

export interface WorkerOptions { script: string; mounts: WorkerMount[] }

export interface Sandbox {
  /** `data` is where staging layers lie: that staging works is tried there. */
  probe(data: string): Promise<Check[]>;
  /** What a launch would do, step by step; nothing runs. */
  explain(spec: SandboxSpec): { spec: SandboxSpec; argv: string[]; profile: string };
  launch(spec: SandboxSpec, io: LaunchIo, listener?: LimitListener): Promise<Outcome<Running>>;
  launchWorker(options: WorkerOptions): Promise<Outcome<Running>>;
}

export interface SandboxDeps extends HostPlaces { log(message: string, cause?: unknown): void }

export function createSandbox(deps: SandboxDeps): Sandbox {
  const hashed: Hashed = new Map();
  const selfTest: SelfTest = {};
  const scopes = { usable: canScope(realMachine()) };
  const launch = (spec: SandboxSpec, io: LaunchIo, more: Partial<Request> = {}): Promise<Outcome<Running>> => launchConfined({ ...deps, hashed, scopes, selfTest }, { spec, io, worker: [], listener: nobody, ...more });
  return {
    launch: (spec, io, listener) => launch(spec, io, listener ? { listener } : {}),
    launchWorker: ({ script, mounts }) => launch(
      sandboxSpecSchema.parse({ command: ["/opt/bulkhead/node", "/opt/bulkhead/worker.mjs"], limits: { processes: 64, openFiles: 4096, privateBytes: 256 << 20 } }),
      { kind: "piped" },
      { worker: [...mounts, { host: realpathSync(deps.node), inside: "/opt/bulkhead/node", write: false }, { host: join(deps.dist, script), inside: "/opt/bulkhead/worker.mjs", write: false }] },
    ),
    explain(spec) {
      if (process.platform === "darwin") return explainSeatbelt(deps, spec);
      const plan = planLaunch(spec, readFacts(deps));
      const profile = [...plan.mounts, ["init", ...plan.init]].map((step) => step.map((word) => JSON.stringify(word)).join(" ")).join("\n");
      return { spec, argv: plan.argv, profile };
    },
    probe: (data) => probeConfining({ machine: readMachine(deps.dist), data, limits: checkLimits, tryLaunch: () => tryLaunch(launch), tryStage: () => tryStaging(launch, data) }),
  };
}

interface Request { spec: SandboxSpec; io: LaunchIo; worker: WorkerMount[]; listener: LimitListener }

const nobody: LimitListener = { asks: false, onLimit: () => undefined };

interface Machinery extends SandboxDeps { hashed: Hashed; /** False once systemd did not make one. */ scopes: { usable: boolean }; selfTest: SelfTest }

async function launchConfined(deps: Machinery, request: Request): Promise<Outcome<Running>> {
  const begun = performance.now();
  const fault = specFault(request.spec);
  if (fault !== undefined) return failed("bad-input", fault);
  if (process.platform === "darwin") return launchSeatbelt(deps, { spec: request.spec, worker: request.worker.length > 0, bounds: boundLimits(request.spec.limits), connect: () => wire(request.io) }, deps.selfTest);
  const host = readHost(deps, deps.hashed);
  if (!host.ok) return host;
  const bounds = boundLimits(request.spec.limits);
  const name = newId();
  const group = openGroup(name, bounds, deps.log);
  const plan = planLaunch(request.spec, host.value.facts, request.worker);
  const mounts = [...(group?.thaw ? [["thaw", group.thaw]] : []), ...plan.mounts];
  const ready = { launcher: host.value.facts.launcher.path, message: planMessage({ ...plan, mounts }, host.value.filter) };
  let started = await start(request.io, { ...ready, through: deps.scopes.usable ? scopeThrough(name, bounds, process.getuid?.() ?? 0) : undefined });
  if (!started.launched.ok && deps.scopes.usable) {
    // Perhaps only the scope failed: the same launch, with the other tier of limits.
    deps.log(`no scope: ${started.launched.problem.message}`);
    started = await start(request.io, ready);
    deps.scopes.usable = !started.launched.ok;
  }
  const { launched, wiring } = started;
  if (!launched.ok) {
    deps.log(`launch refused: ${launched.problem.message}`);
    await group?.close();
    return launched;
  }
  wiring.onStarted?.(launched.value);
  const kept = group ?? (deps.scopes.usable ? scopeGroup(launched.value.pid) : undefined);
  try {
    return done(present(launched.value, { wiring, request, bounds, group: kept, ms: performance.now() - begun, log: deps.log }));
  } catch (error) {
    // What cannot be watched does not run.
    await launched.value.kill();
    await Promise.all([wiring.finish(), kept?.close()]);
    throw error;
  }
}

/** One try: a PTY or pipes of its own, put away again where it fails. */
async function start(io: LaunchIo, run: Pick<LauncherRun, "launcher" | "message" | "through">): Promise<{ wiring: Wiring; launched: Outcome<Launched> }> {
  const wiring = wire(io);
  let running: Launched | undefined;
  const launched = await runLauncher({ ...run, stdio: wiring.stdio, onStopped: () => running && wiring.onStopped?.(running), ...(wiring.onSpawned ? { onSpawned: wiring.onSpawned } : {}) });
  if (launched.ok) running = launched.value;
  else await wiring.finish();
  return { wiring, launched };
}

interface Around { wiring: Wiring; request: Request; bounds: Bounds; group: Group | undefined; ms: number; log: SandboxDeps["log"] }

function present(launched: Launched, around: Around): Running {
  const { wiring, request, bounds, group } = around;
  const layers = request.spec.folders.flatMap(({ upper }) => (upper === undefined ? [] : [upper]));
  const guard = openGuard({ launched, bounds, group, layers, listener: request.listener, log: around.log });
  const exited = launched.ended.then(async (end): Promise<SandboxEnd> => {
    const hit = guard.close(end);
    await Promise.all([wiring.finish(), group?.close()]);
    return { ...end, ...(hit ? { hit } : {}), ...(hit?.limit === "wall-time" ? { timeUp: true } : {}) };
  });
  return {
    pid: launched.pid, ms: around.ms, backend: "bubblewrap", limits: group ? "cgroup" : "rlimit", exited,
    async stop() {
      const from = performance.now();
      await launched.kill();
      return performance.now() - from;
    },
    pause: guard.pause,
    resume: guard.resume,
    signal: launched.signal,
    refresh: launched.refresh,
    resize: wiring.resize,
    processes: async () => listProcesses(launched.pid),
    ...(launched.streams ? { streams: launched.streams } : {}),
  };
}

function wire(io: LaunchIo): Wiring {
  if (io.kind === "piped") return { stdio: ["pipe", "pipe", "pipe"], resize: () => undefined, finish: async () => undefined };
  if (io.kind === "handed") return openHanded();
  const decoder = new TextDecoder();
  const terminal = openTerminal(io.cols, io.rows, (bytes) => io.onOutput(decoder.decode(bytes, { stream: true })));
  return {
    stdio: [terminal.slave, terminal.slave, terminal.slave],
    terminal: terminal.path,
    onSpawned: terminal.releaseSlave,
    resize: terminal.resize,
    finish: () => drain(terminal),
  };
}
