/** What may pass to a model: inference and the model list, nothing that makes the provider fetch or run something. Pure. */
export interface Refused {
  status: number;
  message: string;
}

const paths: { [path: string]: string } = { "/v1/messages": "POST", "/v1/messages/count_tokens": "POST", "/v1/models": "GET" };
/** Headers that pass. Every other one, each credential above all, is dropped. */
export const passedHeaders = ["content-type", "accept", "anthropic-version"] as const;
const fields = new Set([
  "model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "tools", "tool_choice", "metadata", "thinking",
  "output_config", "output_format", "cache_control", "service_tier",
]);

export function refusedPath(method: string | undefined, url: string | undefined): Refused | undefined {
  const path = url?.split("?")[0] ?? "";
  if (!Object.hasOwn(paths, path)) return { status: 404, message: `Only inference passes here, not ${path.slice(0, 100)}.` };
  return paths[path] === method ? undefined : { status: 405, message: "That method does not pass here." };
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
