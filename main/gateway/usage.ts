/** Counts tokens in an answer that streams by, without keeping it: only lines or bodies that speak of `usage` are read. */
import { StringDecoder } from "node:string_decoder";

export interface Usage { inputTokens: number; outputTokens: number; complete: boolean }

export interface UsageReader {
  see(chunk: Buffer): void;
  /** After the last chunk. `complete`: the answer came to its own end. */
  usage(): Usage;
}

const longestLine = 1 << 20;
const longestBody = 8 << 20;

export function readEventUsage(): UsageReader {
  const decoder = new StringDecoder("utf8");
  const found: Usage = { inputTokens: 0, outputTokens: 0, complete: false };
  let line = "";
  return {
    see(chunk) {
      const lines = (line + decoder.write(chunk)).split("\n");
      line = (lines.pop() ?? "").slice(0, longestLine);
      for (const whole of lines) seeLine(whole, found);
    },
    usage() {
      seeLine(line, found);
      return found;
    },
  };
}

function seeLine(line: string, found: Usage): void {
  if (!line.startsWith("data:")) return;
  if (line.includes('"message_stop"')) found.complete = true;
  if (!line.includes('"usage"')) return;
  const body = parse(line.slice(5)) as { message?: { usage?: unknown }; usage?: unknown } | undefined;
  count(body?.message?.usage ?? body?.usage, found);
}

export function readBodyUsage(): UsageReader {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    see(chunk) {
      size += chunk.length;
      if (size <= longestBody) chunks.push(chunk);
    },
    usage() {
      const found: Usage = { inputTokens: 0, outputTokens: 0, complete: true };
      const body = parse(Buffer.concat(chunks).toString("utf8")) as { usage?: unknown; input_tokens?: unknown } | undefined;
      count(body?.usage, found);
      return found;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Later counts are totals and replace earlier ones; tokens read from or written to a cache are input too. */
function count(usage: unknown, found: Usage): void {
  if (typeof usage !== "object" || usage === null) return;
  const fields = usage as { [name: string]: unknown };
  const number = (name: string): number => {
    const value = fields[name];
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  const input = number("input_tokens") + number("cache_creation_input_tokens") + number("cache_read_input_tokens");
  found.inputTokens = Math.max(found.inputTokens, input);
  found.outputTokens = Math.max(found.outputTokens, number("output_tokens"));
}
