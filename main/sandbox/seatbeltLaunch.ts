/**
 * A launch on macOS behind the same interface as the one on Linux. It refuses what macOS cannot hold (staged edits, workers on a granted
 * folder): no mounts exist there. Before the first launch of a process a probe runs under the very profile; whatever it reaches refuses every
 * launch. Each launch is proved once more from inside (warden.ts). Not yet run on a Mac: docs/macos.md lists what only a Mac can show.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { sandboxSpecSchema, type SandboxSpec } from "../../protocol/sandboxSpec.ts";
import type { Bounds } from "./limits.ts";
import { seatbeltPlan, type SeatbeltPlaces } from "./seatbelt.ts";
import { countProcesses } from "./seatbeltTree.ts";
import { openForbiddenPort, openTokenPorts, type TokenPorts } from "./tokenPort.ts";
import { runCaged, type Caged } from "./warden.ts";
import type { Running } from "./running.ts";
import type { Wiring } from "./wiring.ts";

export interface SeatbeltDeps { dist: string; node: string; runDirectory: string; log(message: string, cause?: unknown): void }

export interface SeatbeltRequest { spec: SandboxSpec; /** A worker on the parts of a granted folder, each at a name of its own. */ worker: boolean; bounds: Bounds; connect(): Wiring }

const enforcer = "/usr/bin/sandbox-exec";

/** What the self-test found, once for each process; a failed one is not tried again. */
export interface SelfTest { result?: Promise<Outcome<unknown>> }

export async function launchSeatbelt(deps: SeatbeltDeps, request: SeatbeltRequest, selfTest: SelfTest): Promise<Outcome<Running>> {
  const refused = refusal(request);
  if (refused) return refused;
  const proved = await (selfTest.result ??= proveCage(deps, request.bounds));
  if (!proved.ok) return proved;
  return launchCaged(deps, request);
}

function refusal({ spec, worker }: SeatbeltRequest): Outcome<never> | undefined {
  if (process.platform !== "darwin") return failed("no-containment", "seatbelt exists on macOS only.", "bulkhead doctor");
  if (worker) return failed("no-containment", "Staged changes cannot be handled on macOS in this version.", "Grant folders for reading.");
  const edit = spec.folders.find(({ access }) => access === "edit");
  if (edit) return failed("no-containment", `Changes to ${edit.path} cannot be staged on macOS in this version.`, "Grant the folder for reading.");
  try {
    const found = statSync(enforcer);
    if (found.uid === 0 && (found.mode & 0o022) === 0) return undefined;
    return failed("no-containment", `${enforcer} is not root's own program: it is not used.`, "Repair macOS.");
  } catch {
    return failed("no-containment", `${enforcer} is missing: without it nothing can be confined.`, "Use a macOS that has it.");
  }
}

/** The command for one launch: names that Linux gives to what it mounts become the real places here. */
export function insideNames(spec: SandboxSpec, places: Pick<SeatbeltPlaces, "node" | "agent" | "runDirectory">): { command: string[]; environment: { [name: string]: string } } {
  const real = (text: string): string => {
    if (text === "/opt/bulkhead/node") return places.node;
    if (text.startsWith("/opt/bulkhead/agent/")) return join(places.agent, text.slice("/opt/bulkhead/agent/".length));
    return text;
  };
  const cache = spec.environment["NODE_COMPILE_CACHE"];
  const trust = spec.trustBundle;
  return {
    command: spec.command.map(real),
    environment: {
      PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: `${places.runDirectory}/home`, TMPDIR: `${places.runDirectory}/tmp`, USER: "agent", LOGNAME: "agent", SHELL: "/bin/sh", LANG: "en_US.UTF-8", TERM: "xterm-256color",
      NO_PROXY: "localhost,127.0.0.1,::1", no_proxy: "localhost,127.0.0.1,::1",
      ...(trust === undefined ? {} : Object.fromEntries(["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"].map((name) => [name, trust]))),
      ...spec.environment,
      ...(cache?.startsWith("/tmp/") ? { NODE_COMPILE_CACHE: `${places.runDirectory}${cache}` } : {}),
    },
  };
}

interface Opened { places: SeatbeltPlaces; close(): Promise<void>; ports: TokenPorts }

async function openPlaces(deps: SeatbeltDeps, spec: SandboxSpec, terminal?: string): Promise<Opened> {
  const runDirectory = realpathSync(mkdtempSync(join(deps.runDirectory, "b-")));
  chmodSync(runDirectory, 0o700);
  for (const name of ["home", "tmp"]) mkdirSync(join(runDirectory, name), { mode: 0o700 });
  const ports = await openTokenPorts({ egress: spec.egressSocket, gateway: spec.gatewaySocket, link: spec.linkSocket, token: spec.socketToken });
  return {
    ports,
    places: { home: realpathSync(homedir()), runDirectory, node: realpathSync(deps.node), agent: join(realpathSync(deps.dist), "agent"), ports: ports.ports, ...(terminal === undefined ? {} : { terminal }) },
    async close() {
      await ports.close();
      rmSync(runDirectory, { recursive: true, force: true });
    },
  };
}

async function launchCaged(deps: SeatbeltDeps, request: SeatbeltRequest): Promise<Outcome<Running>> {
  const begun = performance.now();
  const { spec, bounds } = request;
  const connection = request.connect();
  const opened = await openPlaces(deps, spec, connection.terminal);
  const { command, environment } = insideNames(spec, opened.places);
  const { argv } = seatbeltPlan({ ...spec, command: [] }, opened.places);
  const launched = await runCaged({
    cage: argv, command, environment: { ...environment, ...opened.ports.environment }, directory: spec.directory ?? spec.folders[0]?.path ?? `${opened.places.runDirectory}/home`,
    forbidden: opened.places.runDirectory, stdio: connection.stdio, terminal: connection.terminal,
    // The system counts all processes of the person: what runs already does not count against the launch.
    limits: { processes: (await countProcesses()) + bounds.processes, openFiles: bounds.openFiles, fileBytes: Math.min(bounds.fileBytes, bounds.privateBytes) },
    onSpawned: () => connection.onSpawned?.(),
  });
  if (!launched.ok) {
    deps.log(`launch refused: ${launched.problem.message}`);
    await Promise.all([connection.finish(), opened.close()]);
    return launched;
  }
  const running = present(launched.value, { connection, opened, seconds: bounds.seconds, ms: performance.now() - begun });
  connection.onStarted?.(running);
  return done(running);
}

interface Around { connection: Wiring; opened: Opened; seconds: number | undefined; ms: number }

function present(caged: Caged, { connection, opened, seconds, ms }: Around): Running {
  let timeUp = false;
  const timer = seconds === undefined ? undefined : setTimeout(() => {
    timeUp = true;
    void caged.kill();
  }, Math.min(seconds * 1000, 0x7fffffff));
  const exited = caged.ended.then(async (end) => {
    clearTimeout(timer);
    await Promise.all([connection.finish(), opened.close()]);
    return timeUp ? { ...end, timeUp } : end;
  });
  return {
    pid: caged.pid, ms, backend: "seatbelt", limits: "rlimit", exited,
    async stop() {
      const from = performance.now();
      await caged.kill();
      return performance.now() - from;
    },
    pause: async () => void (await caged.tree.signal("SIGSTOP")),
    resume: async () => void (await caged.tree.signal("SIGCONT")),
    signal(name) {
      if (!caged.over()) process.kill(caged.pid, name);
    },
    // Nothing is mounted: what the person saves is seen at once.
    refresh: async () => undefined,
    resize: connection.resize,
    processes: async () => (await caged.tree.look()).filter(({ pid }) => pid !== caged.pid).map(({ pid, command }) => ({ pid, command })),
    ...(caged.streams ? { streams: caged.streams } : {}),
  };
}

const probe = `exec 2>/dev/null
for path in "$@"; do (ls "$path" >/dev/null) && echo "listed $path"; done
(: >"$1/.bulkhead-probe") && echo "wrote $1"
(exec 5<>"/dev/tcp/127.0.0.1/$PROBE_PORT") && echo "connected"
echo own >"$HOME/note" && cat "$HOME/note"`;

/** Tries from inside what must not work, each with its control from here: the folders can be listed, the port answers. */
async function proveCage(deps: SeatbeltDeps, bounds: Bounds): Promise<Outcome<unknown>> {
  const listed = [homedir(), "/Users", "/private/tmp", "/Applications", "/Volumes"].filter(canList);
  const forbidden = await openForbiddenPort();
  try {
    const spec = sandboxSpecSchema.parse({ command: ["/bin/bash", "-c", probe, "probe", ...listed], environment: { PROBE_PORT: String(forbidden.port) } });
    const launched = await launchCaged(deps, { spec, worker: false, bounds, connect: () => ({ stdio: ["pipe", "pipe", "pipe"], resize: () => undefined, finish: async () => undefined }) });
    if (!launched.ok) return launched;
    let said = "";
    for await (const part of launched.value.streams?.stdout.setEncoding("utf8") ?? []) said += part as string;
    await launched.value.exited;
    if (said === "own\n" && forbidden.reached() === 0 && listed.length > 1) return done(undefined);
    return failed("no-containment", `The self-test of the sandbox failed: ${JSON.stringify(said.slice(0, 200))}, ${forbidden.reached()} connections.`, "Run build/macCheck.sh from the checkout and report what it prints.");
  } finally {
    forbidden.close();
  }
}

function canList(path: string): boolean {
  try {
    return readdirSync(path).length >= 0;
  } catch {
    return false;
  }
}

/** What a launch would be told; nothing is made and nothing runs. */
export function explainSeatbelt(deps: SeatbeltDeps, spec: SandboxSpec): { spec: SandboxSpec; argv: string[]; profile: string } {
  const places = { home: homedir(), runDirectory: join(deps.runDirectory, "b-XXXXXX"), node: realpathSync(deps.node), agent: join(deps.dist, "agent") };
  return { spec, ...seatbeltPlan({ ...spec, command: insideNames(spec, places).command }, places) };
}
