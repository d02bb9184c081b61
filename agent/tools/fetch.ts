/**
 * Reads one address through the proxy of the sandbox. What may be reached is decided outside; a refusal comes back as words.
 * Node's own clients are used, not its global fetch: that one tunnels plain HTTP too, which hides method and path from the broker's rules.
 */
import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { z } from "zod";
import { bounded } from "../paths.ts";
import { defineTool } from "./tool.ts";

const mostBytes = 4 << 20;
const mostText = 64_000;
const mostRedirects = 5;
const refusedText = "the site is not on this conversation's desk. The person can put it there.";

const input = z.object({
  url: z.url({ protocol: /^https?$/ }),
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).optional(),
  body: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});
type Call = z.infer<typeof input>;

export const fetchPage = defineTool({
  name: "fetch", kind: "fetch",
  description: "Reads a web address. Pages come back as Markdown, other text as it is. Only sites that the person allowed can be reached.",
  input,
  title: ({ url }) => `Fetch ${url.slice(0, 120)}`,
  async run(call, { signal }) {
    try {
      const response = await follow(call, AbortSignal.any([signal, AbortSignal.timeout(30_000)]));
      const reason = response.headers["x-bulkhead-reason"];
      if (reason !== undefined) throw new Error(`refused: ${String(reason)}`);
      const text = await readText(response);
      const shown = response.headers["content-type"]?.includes("html") ? await (await import("../documents/webPage.ts")).pageToMarkdown(text) : text;
      return `${response.statusCode} ${response.statusMessage}\n\n${bounded(shown, mostText)}`;
    } catch (error) {
      throw new Error(`${call.url}: ${meaning(error)}`, { cause: error });
    }
  },
});

async function follow(call: Call, signal: AbortSignal): Promise<IncomingMessage> {
  let next = call;
  for (let count = 0; count <= mostRedirects; count++) {
    const response = await send(next, signal);
    const location = response.headers.location;
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) return response;
    response.destroy();
    const url = new URL(location, next.url);
    if (url.protocol !== "http:" && url.protocol !== "https:") throw new Error(`it leads to ${url.protocol}, which cannot be read.`);
    const keeps = (response.statusCode ?? 0) >= 307;
    // What was meant for one site is not carried to another.
    const same = url.origin === new URL(next.url).origin;
    next = { url: url.href, ...(keeps ? { method: next.method, body: same ? next.body : undefined } : {}), ...(same ? { headers: next.headers } : {}) };
  }
  throw new Error(`it leads on more than ${mostRedirects} times.`);
}

function send({ url, method = "GET", body, headers = {} }: Call, signal: AbortSignal): Promise<IncomingMessage> {
  const secure = url.startsWith("https:");
  const agent = secure ? new TlsAgent({ proxyEnv: process.env }) : new PlainAgent({ proxyEnv: process.env });
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? tlsRequest : plainRequest)(url, { method, agent, signal, headers: { "user-agent": "bulkhead", accept: "text/html, text/*;q=0.9, */*;q=0.5", ...headers } }, resolve);
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes) break;
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.subarray(0, 8000).includes(0)) throw new Error("the answer is not text. Use run with curl to save it to a file.");
  return bytes.toString("utf8");
}

function meaning(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, statusCode } = error as Error & { code?: string; statusCode?: number };
  if (code === "ERR_PROXY_TUNNEL" && statusCode === 403) return `refused: ${refusedText}`;
  if (error.name === "TimeoutError" || (error.cause instanceof Error && error.cause.name === "TimeoutError")) return "no answer within 30 seconds.";
  return error.message || code || error.name;
}
