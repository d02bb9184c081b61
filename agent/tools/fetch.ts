/** Reads one address through the proxy of the sandbox. What may be reached is decided outside; a refusal comes back as words. */
import { setGlobalProxyFromEnv } from "node:http";
import { z } from "zod";
import { bounded } from "../paths.ts";
import { defineTool } from "./tool.ts";

const mostBytes = 4 << 20;
const mostText = 64_000;
const refusedText = "the site is not on this conversation's desk. The person can put it there.";

export const fetchPage = defineTool({
  name: "fetch", kind: "fetch",
  description: "Reads a web address. Pages come back as Markdown, other text as it is. Only sites that the person allowed can be reached.",
  input: z.object({ url: z.url({ protocol: /^https?$/ }), method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).optional(), body: z.string().optional(), headers: z.record(z.string(), z.string()).optional() }),
  title: ({ url }) => `Fetch ${url.slice(0, 120)}`,
  async run({ url, method = "GET", body, headers }, { signal }) {
    const restore = setGlobalProxyFromEnv(process.env);
    try {
      const response = await fetch(url, { method, signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]), ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) });
      const reason = response.headers.get("x-bulkhead-reason");
      if (reason !== null) throw new Error(`${url} was refused: ${reason}`);
      const text = await readText(response);
      const type = response.headers.get("content-type") ?? "";
      const shown = type.includes("html") ? await (await import("../documents/webPage.ts")).pageToMarkdown(text) : text;
      return `${response.status} ${response.statusText}\n\n${bounded(shown, mostText)}`;
    } catch (error) {
      throw new Error(meaning(url, error), { cause: error });
    } finally {
      restore();
    }
  },
});

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes) break;
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.subarray(0, 8000).includes(0)) throw new Error("the answer is not text. Use run with curl to save it to a file.");
  return bytes.toString("utf8");
}

/** undici hides the proxy's answer to CONNECT in the cause. */
function meaning(url: string, error: unknown): string {
  if (!(error instanceof Error)) return `${url}: ${String(error)}`;
  const cause = error.cause instanceof Error ? error.cause.message : "";
  if (/\b403\b/.test(cause)) return `${url} was refused: ${refusedText}`;
  return `${url} could not be read: ${cause || error.message}`;
}
