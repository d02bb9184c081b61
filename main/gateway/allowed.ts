/** What may pass to a model: inference and the model list, nothing that makes the provider fetch or run something. Pure. */
export interface Refused {
  status: number;
  message: string;
}

const paths: { [path: string]: string } = { "/v1/messages": "POST", "/v1/messages/count_tokens": "POST", "/v1/models": "GET" };
/** Betas that change only what the model writes. Every other header of the agent, each credential above all, is dropped. */
const betas = new Set([
  "prompt-caching-2024-07-31", "pdfs-2024-09-25", "output-128k-2025-02-19", "token-efficient-tools-2025-02-19", "extended-cache-ttl-2025-04-11",
  "fine-grained-tool-streaming-2025-05-14", "interleaved-thinking-2025-05-14", "structured-outputs-2025-11-13",
]);
/** Kinds of content that hold what they mean; any other may name something that the provider keeps, fetches or ran. */
const kinds = new Set(["text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"]);
const fields = new Set([
  "model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "tools", "tool_choice", "metadata", "thinking",
  "output_config", "output_format", "cache_control", "service_tier",
]);

export function refusedPath(method: string | undefined, url: string | undefined): Refused | undefined {
  const path = url?.split("?")[0] ?? "";
  if (!Object.hasOwn(paths, path)) return { status: 404, message: `Only inference passes here, not ${path.slice(0, 100)}.` };
  return paths[path] === method ? undefined : { status: 405, message: "That method does not pass here." };
}

/** The agent's own loopback is the only name it can have for us; another one is a request meant for, or sent from, somewhere else. */
export function refusedHost(host: string | undefined): Refused | undefined {
  return /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host ?? "") ? undefined : { status: 403, message: "That host is not here." };
}

/** The betas asked for, or why one does not pass: a beta may switch on what the provider then does outside the desk's rules. */
export function readBetas(header: string | string[] | undefined): string[] | Refused {
  const asked = [header ?? []].flat().join(",").split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = asked.find((name) => !betas.has(name));
  return unknown === undefined ? asked : { status: 403, message: `The beta ${JSON.stringify(unknown.slice(0, 60))} does not pass here.` };
}

/** Judges a parsed body. Server-side tools, connectors and URL sources would carry data out past the desk's rules. */
export function refusedBody(body: unknown): Refused | undefined {
  if (body === null || typeof body !== "object" || Array.isArray(body)) return { status: 400, message: "The body is not a request." };
  const unknown = Object.keys(body).find((field) => !fields.has(field));
  if (unknown !== undefined) return { status: 403, message: `The field ${JSON.stringify(unknown.slice(0, 60))} does not pass here.` };
  const { tools } = body as { tools?: unknown };
  if (tools !== undefined && !Array.isArray(tools)) return { status: 400, message: "tools is not a list." };
  const served = (tools as { type?: unknown; name?: unknown }[] | undefined)?.find((tool) => tool?.type !== undefined && tool.type !== "custom" && tool.type !== null);
  if (served) return { status: 403, message: `The tool type ${JSON.stringify(String(served.type).slice(0, 60))} runs at the provider; it does not pass here.` };
  const kind = unknownKind(body);
  if (kind !== undefined) return { status: 403, message: `Content of kind ${JSON.stringify(kind.slice(0, 60))} does not pass here.` };
  if (hasUrlSource(body, 0)) return { status: 403, message: "A source that the provider would fetch by its URL does not pass here." };
  return undefined;
}

function hasUrlSource(value: unknown, depth: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (depth > 64) return true;
  if (Array.isArray(value)) return value.some((one) => hasUrlSource(one, depth + 1));
  const { source } = value as { source?: { type?: unknown } };
  if (source !== null && typeof source === "object" && (source.type === "url" || source.type === "file")) return true;
  return Object.entries(value).some(([name, one]) => name !== "input" && name !== "input_schema" && hasUrlSource(one, depth + 1));
}

function unknownKind({ messages, system }: { messages?: unknown; system?: unknown }): string | undefined {
  const said = Array.isArray(messages) ? messages.map((message: { content?: unknown } | null) => message?.content) : [];
  return [system, ...said].map((content) => firstUnknown(content, 0)).find((kind) => kind !== undefined);
}

function firstUnknown(content: unknown, depth: number): string | undefined {
  if (!Array.isArray(content) || depth > 8) return undefined;
  for (const block of content as ({ type?: unknown; content?: unknown; source?: { content?: unknown } } | null)[]) {
    if (typeof block?.type !== "string" || !kinds.has(block.type)) return String(block?.type);
    const within = firstUnknown(block.type === "tool_result" ? block.content : block.source?.content, depth + 1);
    if (within !== undefined) return within;
  }
  return undefined;
}
