/** Launch, its growth per grant, the agent's first answer, commands inside, and the same command through srt. */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLink } from "../../main/link/link.ts";
import { openRooms } from "../../main/app/rooms.ts";
import { findPlaces } from "../../main/app/places.ts";
import { openEgress } from "../../main/app/network.ts";
import { openSession } from "../../main/turn/session.ts";
import { bin, type Home } from "../journeys/app.ts";
import { folders, launch, openBox, rawBubblewrap, run } from "./boxes.ts";
import { alternate, median, slope, spread, timed, type Figure } from "./measure.ts";

const bwrap = (): Promise<number> => timed(() => run("/usr/bin/bwrap", rawBubblewrap));
const node = (): Promise<number> => timed(() => run(process.execPath, ["-e", "0"]));

export async function* containment(home: Home): AsyncIterable<Figure> {
  yield* launches(home);
  yield* await grants(home);
  yield await firstAnswer(home);
  yield await commands(home);
  yield await againstSrt(home);
}

async function* launches(home: Home): AsyncIterable<Figure> {
  const sandbox = openBox(join(home.path, "run"));
  const [one] = [folders(home.path, 1)];
  const none = await alternate(100, () => timed(() => launch(sandbox, {})), bwrap);
  yield { name: "spec → true inside, reaped; against raw bwrap", value: none.ratio, unit: "x", goal: 3, spread: none.spread };
  const granted = await alternate(100, () => timed(() => launch(sandbox, { folders: one })), bwrap);
  yield { name: "launch from a warm host with one grant; against raw bwrap", value: granted.ratio, unit: "x", goal: 2, spread: granted.spread };
  const whole = await alternate(50, () => timed(() => run(process.execPath, [bin, "sandbox", "--", "true"], home.environment)), node);
  yield { name: "bulkhead sandbox -- true, whole process; against node -e 0", value: whole.ratio, unit: "x", goal: 3, spread: whole.spread };
}

/** Round after round over all sizes, so that a busy moment hits each of them. */
async function grants(home: Home): Promise<Figure[]> {
  const sandbox = openBox(join(home.path, "run"));
  const sizes = [1, 10, 25, 50];
  const found: Figure[] = [];
  for (const access of ["read", "edit"] as const) {
    const all = folders(home.path, 50, access);
    const times = sizes.map((): number[] => []);
    for (let round = 0; round < 15; round++) {
      for (const [at, size] of sizes.entries()) times[at]?.push(await timed(() => launch(sandbox, { folders: all.slice(0, size) })));
    }
    const value = slope(sizes.map((x, at) => ({ x, y: median(times[at] ?? []) })));
    found.push({ name: `launch: growth per further ${access} grant, fitted over 1, 10, 25, 50`, value, unit: "ms", goal: 1, spread: spread(times[0] ?? []) });
  }
  return found;
}

/** From the ask for a session until the agent inside answered `initialize`: brokers, sandbox, Node, agent. */
async function firstAnswer(home: Home): Promise<Figure> {
  Object.assign(process.env, home.environment);
  const rooms = openRooms(findPlaces(home.environment), () => new Date());
  const { startGateway } = await import("../../main/gateway/gateway.ts");
  const conversation = rooms.conversations.create({ model: "practice" });
  const ask = async (): Promise<number> => {
    const begun = performance.now();
    let answered = Number.NaN;
    const session = await openSession({
      record: rooms.feed.record, socketDirectory: rooms.socketDirectory,
      startEgress: (options) => openEgress(rooms, options, () => ({ rules: [], secrets: [] })),
      startGateway: (options) => startGateway({ ...options, model: () => "practice", anthropicBaseUrl: () => "http://127.0.0.1:9", lend: () => ({ ok: false, problem: { code: "no-key", message: "" } }), record: rooms.feed.record }),
      async openLink(options) {
        const link = await openLink(options);
        void link.ready.then(() => (answered = performance.now() - begun));
        return link;
      },
      launch: (spec, { onOutput }) => rooms.sandbox.launch(spec, { kind: "pty", cols: 80, rows: 24, onOutput }),
      mounts: () => ({ ok: true, value: [] }), writeBundle: () => "", onUpdate: () => undefined, onTerminal: () => undefined,
    } as Parameters<typeof openSession>[0], { conversation, history: [], turn: "bench0000000" });
    if (!session.ok) throw new Error(session.problem.message);
    await session.value.close();
    return answered;
  };
  const result = await alternate(20, ask, node);
  await rooms.closers.close();
  return { name: "ask → the agent inside answers initialize; against node -e 0", value: result.ratio, unit: "x", goal: 4, spread: result.spread };
}

async function commands(home: Home): Promise<Figure> {
  const sandbox = openBox(join(home.path, "run"));
  const script = "const {spawnSync}=require('child_process');const b=performance.now();for(let i=0;i<1000;i++)spawnSync('/usr/bin/true');console.log('MS='+(performance.now()-b))";
  const read = (out: string): number => Number(/MS=([\d.]+)/.exec(out)?.[1]);
  const result = await alternate(5, async () => read(await launch(sandbox, { command: ["/opt/bulkhead/node", "-e", script], withAgent: true })), async () => read(await run(process.execPath, ["-e", script])));
  return { name: "1,000 short commands inside; against the same outside", value: result.ratio, unit: "x", goal: 1.05, spread: result.spread };
}

/** Beside the checkout: an install in it would change what is tested. */
const srtPlace = join(tmpdir(), "srt");
export const srtInstall = `npm install --prefix ${srtPlace} --ignore-scripts --save-exact @anthropic-ai/sandbox-runtime@0.0.83; apt-get install -y socat ripgrep`;

/** Its library, a reference that is no dependency of ours; undefined where it is not installed. */
export function findSrt(): string | undefined {
  const path = join(srtPlace, "node_modules/@anthropic-ai/sandbox-runtime/dist/index.js");
  return [path, "/usr/bin/socat", "/usr/bin/rg"].every((one) => existsSync(one)) ? path : undefined;
}

/** srt starts a sandbox for each command, from its library inside one process; ours runs them in the one that is there. */
async function againstSrt(home: Home): Promise<Figure> {
  const sandbox = openBox(join(home.path, "run"));
  const place = mkdtempSync(join(home.path, "srt-"));
  mkdirSync(join(place, "work"));
  const driver = join(place, "driver.mjs");
  writeFileSync(driver, `import { spawnSync } from "node:child_process";
import { SandboxManager } from ${JSON.stringify(findSrt())};
await SandboxManager.initialize({ network: { allowedDomains: [], deniedDomains: [] }, filesystem: { denyRead: [], allowWrite: [${JSON.stringify(join(place, "work"))}], denyWrite: [] } });
const times = [];
for (let i = 0; i < 31; i++) {
  const begun = performance.now();
  const command = await SandboxManager.wrapWithSandbox("/usr/bin/true");
  const { status, stderr } = spawnSync(command, { shell: true, stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) { console.error(String(stderr)); process.exit(1); }
  if (i > 0) times.push(performance.now() - begun);
}
console.log("MS=" + times.sort((a, b) => a - b)[15]);
process.exit(0);
`);
  const script = "const {spawnSync}=require('child_process');const t=[];for(let i=0;i<301;i++){const b=performance.now();spawnSync('/usr/bin/true');if(i)t.push(performance.now()-b)}console.log('MS='+t.sort((a,b)=>a-b)[150])";
  const read = (out: string): number => Number(/MS=([\d.]+)/.exec(out)?.[1]);
  const result = await alternate(5, async () => read(await launch(sandbox, { command: ["/opt/bulkhead/node", "-e", script], withAgent: true })), async () => read(await run(process.execPath, [driver])));
  return { name: "a command inside; against the same through srt", value: result.ratio, unit: "x", goal: 0.125, spread: result.spread };
}
