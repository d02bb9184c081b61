/**
 * JSON lines from an untrusted program. One frame that is too large, is not JSON or is no JSON-RPC 2.0 object ends the connection:
 * what follows it cannot be trusted to be framed. Reading waits for the reader (no unbounded queue).
 */
import type { Socket } from "node:net";
import type { AnyMessage, Stream } from "@agentclientprotocol/sdk";

export interface FrameOptions {
  /** Largest frame in bytes. */
  most: number;
  onMalformed(message: string): void;
  /** Parameters of each `session/update`, as they came. They never reach the SDK, which would drop a wrong one with a line on stderr. */
  onUpdate(parameters: unknown): void;
}

export function frameStream(socket: Socket, options: FrameOptions): Stream {
  return {
    readable: ReadableStream.from(frames(socket, options)) as Stream["readable"],
    writable: new WritableStream<AnyMessage>({
      write: (message) => new Promise((resolve, reject) => {
        socket.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
      }),
      close: () => void socket.end(),
      abort: () => void socket.destroy(),
    }),
  };
}

async function* frames(socket: Socket, options: FrameOptions): AsyncGenerator<AnyMessage> {
  try {
    for await (const line of lines(socket, options.most)) {
      const message = parse(line);
      if (typeof message === "string") return options.onMalformed(message);
      if (!message) continue;
      if ("method" in message && message.method === "session/update") options.onUpdate("params" in message ? message.params : undefined);
      else yield message;
    }
  } catch (error) {
    if (error instanceof RangeError) options.onMalformed(error.message);
    // Anything else is the connection's own end (reset, destroyed): the SDK settles what is pending.
  } finally {
    socket.destroy();
  }
}

async function* lines(socket: Socket, most: number): AsyncGenerator<string> {
  let kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const last = chunk.subarray(from, end);
      if (size + last.length > most) throw tooLarge(most);
      yield Buffer.concat([...kept, last]).toString("utf8");
      kept = [];
      size = 0;
      from = end + 1;
    }
    const rest = chunk.subarray(from);
    size += rest.length;
    if (size > most) throw tooLarge(most);
    if (rest.length > 0) kept.push(rest);
  }
}

const tooLarge = (most: number): RangeError => new RangeError(`The agent sent a message above ${most} bytes.`);

/** The message, undefined for an empty line, or what is wrong with it. */
function parse(line: string): AnyMessage | string | undefined {
  if (line.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "The agent sent a line that is not JSON.";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "The agent sent JSON that is not a message.";
  if (!("jsonrpc" in value) || value.jsonrpc !== "2.0") return "The agent sent a message that is not JSON-RPC 2.0.";
  return value as AnyMessage;
}
