/**
 * Loopback ports of one launch on macOS, where a sandbox has no loopback of its own. Any program of this machine can connect, so each connection
 * must show this launch's token before a byte of it goes on: a proxy's password, a model's key, or the first line of the link.
 * The token is worth nothing elsewhere and dies with the launch. What is let in is carried to the conversation's socket unchanged, but for the token.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Sockets { egress?: string | undefined; gateway?: string | undefined; link?: string | undefined; token?: string | undefined }

export interface TokenPorts {
  ports: number[];
  /** What tells the programs inside where to go, and the token. */
  environment: { [name: string]: string };
  refused(): number;
  close(): Promise<void>;
}

type Kind = "egress" | "gateway" | "link";
/** What a first head must hold, and what of it goes on; undefined where the token is not in it. */
type Admit = (head: string, token: string) => string | undefined;

const mostHead = 64 << 10;
const headMs = 5000;

export async function openTokenPorts(sockets: Sockets): Promise<TokenPorts> {
  const token = randomBytes(24).toString("hex");
  const open = new Set<Socket>();
  const servers: Server[] = [];
  let refused = 0;
  const serve = async (kind: Kind, path: string): Promise<number> => {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      open.add(client);
      client.once("close", () => open.delete(client));
      client.on("error", () => client.destroy());
      readHead(client, kind, (head, rest) => {
        const passed = head === undefined ? undefined : admits[kind](head, token);
        if (passed === undefined) {
          refused += 1;
          return void client.end(refusals[kind]);
        }
        return carry(client, path, Buffer.concat([Buffer.from((sockets.token ?? "") + passed, "latin1"), rest]));
      });
    });
    servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  const environment: { [name: string]: string } = {};
  const ports: number[] = [];
  for (const kind of ["egress", "gateway", "link"] as const) {
    const path = sockets[kind];
    if (path === undefined) continue;
    const port = await serve(kind, path);
    ports.push(port);
    Object.assign(environment, told[kind](port, token));
  }
  return {
    ports, environment, refused: () => refused,
    async close() {
      for (const socket of open) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const told: { [kind in Kind]: (port: number, token: string) => { [name: string]: string } } = {
  egress: (port, token) => Object.fromEntries(["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"].map((name) => [name, `http://bulkhead:${token}@127.0.0.1:${port}`])),
  gateway: (port, token) => ({ BULKHEAD_MODEL_URL: `http://127.0.0.1:${port}/v1`, BULKHEAD_MODEL_KEY: token }),
  link: (port, token) => ({ BULKHEAD_LINK_PORT: String(port), BULKHEAD_LINK_TOKEN: token }),
};

const same = (said: string, wanted: string): boolean => {
  const [a, b] = [Buffer.from(said), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** One header of the first request must be exactly this; every line of that name is left out of what goes on. */
const byHeader = (name: string, value: (token: string) => string): Admit => (head, token) => {
  const lines = head.split("\r\n");
  const mine = lines.filter((text) => text.toLowerCase().startsWith(`${name}:`));
  if (mine.length !== 1 || !same((mine[0] ?? "").slice(name.length + 1).trim(), value(token))) return undefined;
  return lines.filter((text) => !mine.includes(text)).join("\r\n");
};

const admits: { [kind in Kind]: Admit } = {
  egress: byHeader("proxy-authorization", (token) => `Basic ${Buffer.from(`bulkhead:${token}`).toString("base64")}`),
  gateway: byHeader("x-api-key", (token) => token),
  link: (head, token) => (same(head.slice(0, -1), token) ? "" : undefined),
};

const refusals: { [kind in Kind]: string } = {
  egress: "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"bulkhead\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  gateway: "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  link: "",
};

function readHead(client: Socket, kind: Kind, settle: (head: string | undefined, rest: Buffer) => void): void {
  const mark = kind === "link" ? "\n" : "\r\n\r\n";
  let held = Buffer.alloc(0);
  const end = (head: string | undefined, rest: Buffer): void => {
    clearTimeout(timer);
    client.off("data", take).off("end", leave).off("close", leave);
    client.pause();
    settle(head, rest);
  };
  const leave = (): void => end(undefined, Buffer.alloc(0));
  const take = (bytes: Buffer): void => {
    held = Buffer.concat([held, bytes]);
    const at = held.indexOf(mark);
    if (at >= 0) end(held.subarray(0, at + mark.length).toString("latin1"), held.subarray(at + mark.length));
    else if (held.length > mostHead) leave();
  };
  const timer = setTimeout(leave, headMs);
  client.on("data", take).on("end", leave).on("close", leave);
}

function carry(client: Socket, path: string, first: Buffer): void {
  const inner = connect({ path, allowHalfOpen: true });
  inner.on("error", () => client.destroy());
  client.once("close", () => inner.destroy());
  inner.once("close", () => client.destroy());
  inner.write(first);
  client.pipe(inner);
  inner.pipe(client);
}

/** A port that nobody inside may reach: what the self-test tries. `reached` counts; the control is a connection of our own. */
export async function openForbiddenPort(): Promise<{ port: number; reached(): number; close(): void }> {
  let reached = 0;
  const server = createServer((client) => {
    reached += 1;
    client.on("error", () => undefined).end();
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
  await new Promise<void>((resolve, reject) => connect(port, "127.0.0.1").once("error", reject).once("close", () => resolve()).resume());
  const control = reached;
  return { port, reached: () => (control === 1 ? reached - control : -1), close: () => void server.close() };
}
