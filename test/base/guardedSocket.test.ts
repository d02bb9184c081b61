/** Every socket of ours against callers without its token: nothing is answered, nothing behind the socket is asked. */
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { createGuardedSocket, newToken } from "../../main/base/guardedSocket.ts";
import { removeTree } from "../../main/base/removeTree.ts";
import { startEgress } from "../../main/egress/egress.ts";
import { listenLazily } from "../../main/egress/lazyEgress.ts";
import { startGateway } from "../../main/gateway/gateway.ts";
import { openLink } from "../../main/link/link.ts";
import type { EventDraft } from "../../protocol/event.ts";
import { failed } from "../../protocol/problem.ts";

interface Door { socketPath: string; token: string; asked(): number; refused(): number; well: string }

const request = "GET http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nconnection: close\r\n\r\n";
const models = "GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:3129\r\nconnection: close\r\n\r\n";
const hello = '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":1}}\n';

async function open(kind: string): Promise<Door> {
  const directory = mkdtempSync(join(tmpdir(), "bulkhead-guard-"));
  const place = { socketPath: join(directory, "s"), token: newToken() };
  let asked = 0;
  const count = <T>(value: T) => (): T => {
    asked += 1;
    return value;
  };
  const record = (draft: EventDraft): never => count(draft)() as never;
  const broker = { conversation: "aaaaaaaaaaaa", turn: count(undefined), rules: count([]), secrets: [], lend: () => count(failed("no-key", "none"))(), record };
  const made = await {
    egress: () => startEgress({ ...broker, at: place }),
    lazy: () => listenLazily(place, () => count(startEgress(broker))()),
    gateway: () => startGateway({ ...broker, ...place, model: count("practice"), anthropicBaseUrl: count("http://127.0.0.1:1") }),
    link: () => openLink({ ...place, onUpdate: count(undefined), onClaim: count(undefined), onMalformed: count(undefined) }),
  }[kind as "egress"]();
  onTestFinished(async () => {
    await made.close();
    removeTree(directory);
  });
  return { ...place, asked: () => asked, refused: made.refused, well: kind === "gateway" ? models : kind === "link" ? hello : request };
}

/** All that came back until the other end closed. */
function said(socketPath: string, parts: (string | Buffer)[], end = true): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(socketPath);
    let back = "";
    socket.on("error", () => undefined).on("data", (bytes) => (back += bytes.toString("latin1"))).on("close", () => resolve(back));
    for (const part of parts) socket.write(part);
    if (end) socket.end();
  });
}

/** Small, seeded, the same at every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function garbage(door: Door, seed: number): Buffer {
  const random = randomOf(seed);
  const { token, well } = door;
  const flip = Buffer.from(token);
  flip.writeUInt8((flip[seed % 64] ?? 0) ^ 1, seed % 64);
  const known: (string | Buffer)[] = [
    well, Buffer.from([5, 1, 0]), Buffer.from([5, 1, 1]), Buffer.from([4, 1, 0, 80, 127, 0, 0, 1, 0]), Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0]), "CONNECT ok.test:443 HTTP/1.1\r\nHost: ok.test:443\r\n\r\n",
    Buffer.concat([flip, Buffer.from(well)]), `${token.slice(1)}${token.slice(0, 1)}${well}`, `${token.toUpperCase().replace(/^./, "z")}${well}`, ` ${token}${well}`, token.slice(0, 63), `${"\0".repeat(64)}${well}`,
    `${newToken()}${well}`, `GET /?token=${token} HTTP/1.1\r\nHost: x\r\nproxy-authorization: Bearer ${token}\r\n\r\n`, "", "A".repeat(200_000), `${token}\n`.slice(1), `\n${token}${well}`,
  ];
  if (seed < known.length) return Buffer.from(known[seed] ?? "");
  const noise = Buffer.from(Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)));
  return random() < 0.3 ? Buffer.concat([noise, Buffer.from(well)]) : noise;
}

test.each(["egress", "lazy", "gateway", "link"])("%s: 200 seeded greetings without the token are never answered, and nothing is decided", async (kind) => {
  const door = await open(kind);
  const answers: string[] = [];
  for (let seed = 0; seed < 200; seed += 10) answers.push(...await Promise.all(Array.from({ length: 10 }, (_, at) => said(door.socketPath, [garbage(door, seed + at)]))));
  expect([answers.filter((answer) => answer !== ""), answers.length, door.refused(), door.asked()]).toEqual([[], 200, 200, 0]);
  // The control: the same request after the token is served, also byte by byte.
  const asked = door.asked();
  const bytes = [...Buffer.from(door.token)].map((byte) => Buffer.from([byte]));
  const answer = await (kind === "link"
    ? new Promise((resolve) => void connect(door.socketPath).once("data", (data) => resolve(data.toString())).write(door.token))
    : said(door.socketPath, [...bytes, door.well], false));
  expect(answer).toContain(kind === "link" ? '"initialize"' : kind === "gateway" ? "200 OK" : "403 Forbidden");
  expect(kind === "link" || door.asked() > asked).toBe(true);
  expect(door.refused()).toBe(200);
}, 30_000);

test.each(["egress", "gateway", "link"])("%s: who says nothing, or not enough, is closed after two seconds", async (kind) => {
  const door = await open(kind);
  const begun = performance.now();
  expect(await Promise.all([said(door.socketPath, [], false), said(door.socketPath, [door.token.slice(0, 63)], false)])).toEqual(["", ""]);
  expect(performance.now() - begun).toBeGreaterThan(1500);
  expect([door.refused(), door.asked()]).toEqual([2, 0]);
});

test.each(["egress", "gateway"])("%s: the token and a request in one write, and a client that ends its side, are served", async (kind) => {
  const door = await open(kind);
  const answer = await said(door.socketPath, [`${door.token}${door.well}`]);
  expect(answer).toContain(kind === "gateway" ? "200 OK" : "403 Forbidden");
  expect(await said(door.socketPath, [door.token])).toBe("");
  expect(door.refused()).toBe(0);
});

test("the token of a session that ended opens nothing: its socket is gone and another's does not take it", async () => {
  const [first, second] = [await open("egress"), await open("egress")];
  expect(await said(second.socketPath, [first.token, second.well])).toBe("");
  expect([second.refused(), second.asked()]).toEqual([1, 0]);
});

test("a link without the token does not use up the agent's one connection", async () => {
  const door = await open("link");
  expect(await said(door.socketPath, [hello])).toBe("");
  expect(existsSync(door.socketPath)).toBe(true);
  await new Promise((resolve) => void connect(door.socketPath).once("data", resolve).write(door.token));
  expect(existsSync(door.socketPath)).toBe(false);
});

test("sockets are 0600 from the first, and another user is refused by the directory and by the socket itself", async () => {
  const door = await open("egress");
  const directory = join(door.socketPath, "..");
  expect([statSync(door.socketPath).mode & 0o777, statSync(directory).mode & 0o777]).toEqual([0o600, 0o700]);
  if (process.getuid?.() !== 0) return;
  const other = (): Promise<string> => promisify(execFile)("/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
    `import socket,sys\ns=socket.socket(socket.AF_UNIX)\ntry:\n  s.connect(sys.argv[1]); print("reached")\nexcept PermissionError: print("refused")`, door.socketPath], { encoding: "utf8" }).then(({ stdout }) => stdout.trim());
  expect(await other()).toBe("refused");
  chmodSync(directory, 0o755);
  expect(await other()).toBe("refused");
  chmodSync(door.socketPath, 0o666);
  expect(await other()).toBe("reached");
});

test("a token of another length, an empty one above all, is no token", () => {
  for (const token of ["", "0", "0".repeat(63), "0".repeat(65)]) expect(() => createGuardedSocket({ socketPath: "/nonexistent/s", token })).toThrow();
  expect(new Set(Array.from({ length: 100 }, newToken)).size).toBe(100);
});
