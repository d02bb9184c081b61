/**
 * What the prover plants outside before it looks inside: files where a person's things lie, listeners, a process, a variable, a memory segment.
 * Every one has a random name and is removed by `remove`; nothing of the person's own is changed.
 */
import { createSocket } from "node:dgram";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createClosers, type Closers } from "../base/closer.ts";
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
  const closers = createClosers();
  try {
    const make = (place: string, prefix: string): string => {
      const path = mkdtempSync(join(place, prefix));
      closers.add(() => removeTree(path));
      return path;
    };
    const [data, state, runtime] = [make(places.data, "proof-"), make(places.state, "proof-"), make(places.runtime, "p-")];
    const files = [state, ...["/tmp", "/var/tmp", "/dev/shm"].filter(writable)].map((directory) => join(directory, `bulkhead-${canary}`));
    for (const file of files) {
      closers.add(() => removeTree(file));
      writeFileSync(file, canary, { mode: 0o600, flag: "wx" });
    }
    const [bus, socket] = ["bus", "socket"].map((name) => join(runtime, name)) as [string, string];
    for (const path of [bus, socket]) mkdirSync(path);
    const ears = await listen({ bus: join(bus, "s"), socket: join(socket, "s"), abstract: `bulkhead-${canary}`, closers });
    const bait = decoy(canary);
    closers.add(bait.end);
    environment[variableOf(canary)] = canary;
    closers.add(() => void delete environment[variableOf(canary)]);
    return {
      canary, data, decoy: bait, homeFile: files[0] ?? state, temporaryFiles: files.slice(1), bus: join(bus, "s"), socket: join(socket, "s"),
      tcp: ears.tcp, udp: ears.udp, abstract: `@bulkhead-${canary}`, segment: Number.parseInt(canary.slice(0, 7), 16) + 1, heard: ears.heard, remove: closers.close,
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
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

interface Ears { tcp: string[]; udp: string[]; heard(text: string): boolean }

async function listen({ closers, ...places }: { bus: string; socket: string; abstract: string; closers: Closers }): Promise<Ears> {
  let said = "";
  const hear = (bytes: Buffer): void => void (said += `${bytes.toString("latin1")}\n`);
  const serve = async (at: string | { host: string; port: number }): Promise<number> => {
    const server = createServer((socket) => {
      // Answered at once: the one that asks waits for a word.
      socket.on("error", () => socket.destroy()).on("data", (bytes: Buffer) => {
        hear(bytes);
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      });
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, resolve));
    closers.add(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const found = server.address();
    return found !== null && typeof found === "object" ? found.port : 0;
  };
  const serveDatagrams = async (address: string): Promise<number> => {
    const socket = createSocket("udp4");
    closers.add(() => void socket.close());
    socket.on("message", (bytes, from) => {
      hear(bytes);
      socket.send("heard", from.port, from.address);
    });
    await new Promise<void>((resolve, reject) => socket.once("error", reject).bind({ address, port: 0 }, resolve));
    return socket.address().port;
  };
  const tcp: string[] = [];
  const udp: string[] = [];
  for (const host of ["127.0.0.1", ...ownAddresses()]) {
    tcp.push(`${host}:${await serve({ host, port: 0 })}`);
    udp.push(`${host}:${await serveDatagrams(host)}`);
  }
  for (const place of [places.bus, places.socket, `\0${places.abstract}`]) await serve(place);
  return { tcp, udp, heard: (text) => said.includes(text) };
}
