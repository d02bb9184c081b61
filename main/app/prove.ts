/** The proof of one desk: a conversation's, a command's, or an empty one. The launch is the agent's own, with the broker and without a model. */
import type { Conversation } from "../../protocol/conversation.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import type { Proof } from "../../protocol/proof.ts";
import type { FolderMount, SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { keyStores } from "../grants/forbidden.ts";
import { sameFolder } from "../grants/folder.ts";
import { prove, type ProveDeps } from "../prove/prove.ts";
import { findSockets } from "../prove/sessionSockets.ts";
import { openProber } from "../sandbox/prober.ts";
import { putOnDesk, wishToGrant } from "./desk.ts";
import { openEgress, parseRules } from "./network.ts";
import type { Rooms } from "./rooms.ts";

export interface ProveWish { folders: { path: string; access: "read" | "edit" }[]; allow: string[]; conversation?: string }

export async function runProof(rooms: Rooms, wish: ProveWish): Promise<Outcome<Proof>> {
  const desk = deskOf(rooms, wish);
  if (!desk.ok) return desk;
  const rules = parseRules(desk.value.sites);
  if (!rules.ok) return rules;
  const folders = mountsOf(desk.value);
  if (!folders.ok) return folders;
  const chain = wish.conversation ?? "app";
  const sockets = rooms.socketDirectory();
  const broker = await openEgress(rooms, { socketPath: `${sockets.path}/e`, token: sockets.token, conversation: chain, turn: () => undefined }, () => ({ rules: rules.value, secrets: [] }));
  try {
    const prober = openProber({ dist: rooms.places.dist, node: rooms.places.node, runDirectory: sockets.path });
    if (!prober.ok) return prober;
    const { home, data, config, state } = rooms.places;
    const spec: SandboxSpec = {
      command: ["true"], folders: folders.value, environment: broker.environment, withAgent: true, egressSocket: `${sockets.path}/e`, socketToken: sockets.token,
      limits: { processes: 512, openFiles: 4096, privateBytes: 1 << 30 },
    };
    return await prove({
      ...prober.value, launch: recordedLaunch(rooms, chain), places: { home, data, config, state, runtime: sockets.path }, keyStores,
      environment: process.env, sockets: findSockets(process.env), now: rooms.now,
    }, { spec, sites: desk.value.sites, ...(wish.conversation ? { conversation: wish.conversation } : {}) });
  } finally {
    await broker.close();
    sockets.remove();
  }
}

type Desk = Pick<Conversation, "grants" | "sites">;

/** The named conversation's desk with the command's folders and sites on it; nothing of it is stored. */
function deskOf(rooms: Rooms, wish: ProveWish): Outcome<Desk> {
  const empty: Conversation = { id: "", title: "", createdAt: "", updatedAt: "", model: "practice", sites: [], grants: [], returned: [] };
  const found = wish.conversation ? rooms.conversations.get(wish.conversation) : done(empty);
  if (!found.ok) return found;
  let desk = found.value;
  for (const folder of wish.folders) {
    const grant = wishToGrant(rooms, { ...folder, lasting: "conversation" });
    if (!grant.ok) return grant;
    desk = putOnDesk(desk, grant.value);
  }
  return done({ grants: desk.grants, sites: [...new Set([...desk.sites, ...wish.allow])] });
}

/** Without staging layers: the proof makes fresh ones, so that nothing is staged by it. */
function mountsOf({ grants }: Desk): Outcome<FolderMount[]> {
  const gone = grants.find((grant) => !sameFolder(grant));
  if (gone) return failed("refused-folder", `The folder ${gone.path} is gone, or another one stands in its place.`, "Take it off the desk and hand it over again.");
  return done(grants.map(({ path, access, device, inode }) => ({ path, access, device, inode })));
}

/** Recorded like every launch, in the conversation's chain or the app's. */
const recordedLaunch = (rooms: Rooms, conversation: string): ProveDeps["launch"] => async (spec) => {
  const host = { conversation, actor: "host", evidence: "observed" } as const;
  const launched = await rooms.sandbox.launch(spec, { kind: "piped" });
  if (!launched.ok) {
    const { message, mend } = launched.problem;
    rooms.feed.record({ kind: "sandbox.refused", ...host, outcome: "refused", reason: "no-containment", detail: mend ? { message, mend } : { message } });
    return launched;
  }
  const box = launched.value;
  rooms.feed.record({ kind: "sandbox.started", ...host, outcome: "done", detail: { backend: box.backend, pid: box.pid, ms: box.ms, command: "bulkhead prove" } });
  const exited = box.exited.then((end) => {
    rooms.feed.record({ kind: "sandbox.ended", ...host, outcome: "done", detail: { code: end.code, ...(end.signal ? { signal: end.signal } : {}) } });
  });
  return done({ ...(box.streams ? { streams: box.streams } : {}), exited, stop: box.stop });
};
