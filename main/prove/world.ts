/**
 * What the prover plants outside before it looks inside: files where a person's things lie, listeners, a process, a variable, a memory segment.
 * Every one has a random name and is removed by `remove`; nothing of the person's own is changed.
 */
import { createSocket, type Socket } from "node:dgram";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { removeTree } from "../base/removeTree.ts";

export interface Decoy { pid: number; alive(): boolean; end(): void }

export interface ProvePlaces { home: string; data: string; config: string; state: string; runtime: string }

export interface World {
  canary: string;
  /** Directories of our own for this proof only. */
  data: string;
  homeFile: string;
  temporaryFiles: string[];
  bus: string;
  socket: string;
  /** HOST:PORT, and the name of a socket without a path. */
  tcp: string[];
  udp: string[];
  abstract: string;
  decoy: Decoy;
  segment: number;
  /** Whether one of the listeners got this text. */
  heard(text: string): boolean;
  remove(): Promise<void>;
}

export interface Planting { places: ProvePlaces; canary: string; environment: NodeJS.ProcessEnv; decoy(word: string): Decoy }

export async function plant({ places, canary, environment, decoy }: Planting): Promise<World> {
  const data = mkdtempSync(join(places.data, "proof-"));
  const state = mkdtempSync(join(places.state, "proof-"));
  const runtime = mkdtempSync(join(places.runtime, "p-"));
  const files = [state, ...["/tmp", "/var/tmp", "/dev/shm"].filter(writable)].map((directory) => join(directory, `bulkhead-${canary}`));
  for (const file of files) writeFileSync(file, canary, { mode: 0o600, flag: "wx" });
  for (const name of ["bus", "socket"]) mkdirSync(join(runtime, name));
  const ears = await listen({ bus: join(runtime, "bus/s"), socket: join(runtime, "socket/s"), abstract: `bulkhead-${canary}` });
  const bait = decoy(canary);
  environment[variableOf(canary)] = canary;
  return {
    canary, data, decoy: bait, homeFile: files[0] ?? state, temporaryFiles: files.slice(1), bus: join(runtime, "bus/s"), socket: join(runtime, "socket/s"),
    tcp: ears.tcp, udp: ears.udp, abstract: `@bulkhead-${canary}`, segment: Number.parseInt(canary.slice(0, 7), 16) + 1, heard: ears.heard,
    async remove() {
      delete environment[variableOf(canary)];
      bait.end();
      for (const path of [...files, state, data]) removeTree(path);
      await ears.close();
      removeTree(runtime);
    },
  };
}

export const variableOf = (canary: string): string => `BULKHEAD_PROOF_${canary.toUpperCase()}`;

function writable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return existsSync(directory);
  } catch {
    return false;
  }
}

/** The machine's own addresses besides loopback; none where it is offline. */
const ownAddresses = (): string[] => Object.values(networkInterfaces()).flat().filter((one) => one !== undefined && one.family === "IPv4" && !one.internal).slice(0, 2).map((one) => one?.address ?? "");

interface Ears { tcp: string[]; udp: string[]; heard(text: string): boolean; close(): Promise<void> }

async function listen(places: { bus: string; socket: string; abstract: string }): Promise<Ears> {
  let said = "";
  const servers: Server[] = [];
  const serve = async (at: string | { host: string; port: number }): Promise<Server> => {
    const server = createServer((socket) => {
      // Answered at once: the one that asks waits for a word.
      socket.on("error", () => socket.destroy()).on("data", (bytes: Buffer) => {
        said += `${bytes.toString("latin1")}\n`;
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      });
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, resolve));
    servers.push(server);
    return server;
  };
  const tcp: string[] = [];
  const udp: string[] = [];
  const grams: Socket[] = [];
  for (const host of ["127.0.0.1", ...ownAddresses()]) {
    const found = (await serve({ host, port: 0 })).address();
    if (found !== null && typeof found === "object") tcp.push(`${host}:${found.port}`);
    const gram = createSocket("udp4");
    gram.on("error", () => undefined).on("message", (bytes, from) => {
      said += `${bytes.toString("latin1")}\n`;
      gram.send("heard", from.port, from.address);
    });
    await new Promise<void>((resolve) => gram.bind({ address: host, port: 0 }, resolve));
    udp.push(`${host}:${gram.address().port}`);
    grams.push(gram);
  }
  await serve(places.bus);
  await serve(places.socket);
  await serve(`\0${places.abstract}`);
  return {
    tcp, udp, heard: (text) => said.includes(text),
    async close() {
      for (const gram of grams) gram.close();
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}
