/** Proofs as whoever runs this: one of the whole plan, then one for each fence that is taken away. Prints one JSON object. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createGuardedSocket, newToken } from "../../main/base/guardedSocket.ts";
import { prove, type ProveDeps } from "../../main/prove/prove.ts";
import { readHost } from "../../main/sandbox/host.ts";
import { runLauncher } from "../../main/sandbox/launcher.ts";
import { planLaunch, planMessage } from "../../main/sandbox/plan.ts";
import { openProber } from "../../main/sandbox/prober.ts";
import type { Proof } from "../../protocol/proof.ts";
import { sandboxSpecSchema, type FolderMount, type SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { fences, type Fence, type Ground } from "./fences.ts";

export interface Report { proof: Proof; /** What is left of the prover's own things. */ left: string[] }

const [, , dist = "", home = ""] = process.argv;
const within = (path: string): string => join(home, path);
const ground: Ground = { home, data: within(".local/share/bulkhead"), state: within(".local/state/bulkhead"), runtime: join(home, "../r") };
const config = within(".config/bulkhead");
const [read, edit] = [within("Documents/read"), within("Documents/edit")];
for (const path of [ground.data, ground.state, ground.runtime, config, read, edit, within(".ssh")]) mkdirSync(path, { recursive: true, mode: 0o700 });
for (const path of [within(".ssh/id_rsa"), within("notes.txt"), join(read, "a.txt"), join(edit, "b.txt"), join(ground.data, "feed.db")]) writeFileSync(path, "x\n");
const host = { dist, node: process.execPath, runDirectory: ground.runtime };

const mount = (path: string, access: "read" | "edit"): FolderMount => {
  const { dev, ino } = statSync(path, { bigint: true });
  return { path, access, device: String(dev), inode: String(ino) };
};

/** The broker, as far as the proof asks it: refuses, or lets everything through. */
async function openBroker(open: boolean): Promise<{ socketPath: string; token: string; close(): Promise<void> }> {
  const place = { socketPath: join(ground.runtime, "e"), token: newToken() };
  const guard = createGuardedSocket(place);
  const server = createServer((socket) => guard.take(socket, () => socket.once("data", (asked: Buffer) => {
    const [, address = "", port = ""] = /^GET http:\/\/([\d.]+):(\d+)\//.exec(asked.toString()) ?? [];
    if (!open) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const onward = connect(Number(port), address);
    onward.write(asked);
    onward.pipe(socket);
  })));
  await guard.listen(server);
  return { ...place, close: guard.close };
}

async function report(fence: Fence | undefined, change: Partial<ProveDeps> = {}): Promise<Report> {
  const prober = openProber(host);
  if (!prober.ok) throw new Error(prober.problem.message);
  const broker = await openBroker(fence?.openBroker ?? false);
  const spec: SandboxSpec = sandboxSpecSchema.parse({ command: ["true"], folders: [mount(read, "read"), mount(edit, "edit")], egressSocket: broker.socketPath, socketToken: broker.token });
  const launch: ProveDeps["launch"] = async (asked) => {
    const found = readHost(host);
    if (!found.ok) return found;
    const built = { plan: planLaunch(asked, found.value.facts), filter: found.value.filter };
    const { plan, filter } = fence ? fence.remove(built, ground) : built;
    const launched = await runLauncher({ launcher: found.value.facts.launcher.path, message: planMessage(plan, filter), stdio: ["pipe", "pipe", "pipe"], onStopped: () => undefined });
    return launched.ok ? { ok: true, value: { ...launched.value, exited: launched.value.ended, stop: launched.value.kill } } : launched;
  };
  // Another prover may be at work on the same machine: only what has this one's name counts.
  let canary = "none";
  const decoy: ProveDeps["decoy"] = (word) => prober.value.decoy((canary = word));
  const proof = await prove({
    ...prober.value, decoy, launch, places: { ...ground, config }, keyStores: [".ssh", ".aws"], environment: process.env, sockets: { keychain: [], session: [] }, now: () => new Date(), ...change,
  }, { spec, sites: [] }).finally(() => broker.close());
  if (!proof.ok) throw new Error(`${fence?.name}: ${proof.problem.message}`);
  const places = [ground.data, ground.state, ground.runtime, read, edit, "/tmp", "/var/tmp", "/dev/shm"];
  const left = places.flatMap((path) => readdirSync(path).map((name) => join(path, name))).filter((path) => path.includes(canary) || (path.startsWith(join(home, "..")) && /\/(proof-|p-)/.test(path)));
  return { proof: proof.value, left: [...left, ...Object.keys(process.env).filter((name) => name.startsWith("BULKHEAD_PROOF"))] };
}

const only = process.argv[4];
const reports: { [name: string]: Report } = {};
if (!only) {
  reports["whole"] = await report(undefined);
  reports["no control"] = await report(undefined, { outside: () => Promise.resolve("") });
}
for (const fence of fences.filter((one) => !only || one.name === only)) {
  try {
    reports[fence.name] = await report(fence);
  } catch (error) {
    process.stderr.write(`${fence.name}: ${String(error)}\n`);
  }
}
process.stdout.write(`${JSON.stringify(reports)}\n`, () => process.exit(0));
