/** The practice model's language: one instruction a line, or joined by «then» / «然后». Pure. No AI: it does literally what it is told. */
export interface Instruction {
  tool: string;
  input: { [name: string]: unknown };
  /** As the person wrote it; shown in the plan. */
  text: string;
}

/** write, append and run take the rest of their line, also a «then» in it. */
const takesRest = /^(?:write|append|run|写入|追加|运行)(?=[\s:：])/i;
const joint = /\s+then\s+|\s*然后\s*/i;

/** The instructions of `text` in order; a line that is none becomes the tool "unknown". */
export function readInstructions(text: string): Instruction[] {
  return text.split(/\r?\n/).flatMap(splitLine).map((part) => part.trim()).filter((part) => part !== "").map(readOne);
}

function splitLine(line: string): string[] {
  const parts: string[] = [];
  let rest = line.trim();
  while (rest !== "") {
    if (takesRest.test(rest)) return [...parts, rest];
    const at = joint.exec(rest);
    if (!at) return [...parts, rest];
    parts.push(rest.slice(0, at.index));
    rest = rest.slice(at.index + at[0].length);
  }
  return parts;
}

const quoted = (text: string): string => {
  const trimmed = text.trim();
  const inside = /^(?:"([^"]*)"|'([^']*)'|“([^”]*)”)$/.exec(trimmed);
  return inside ? (inside[1] ?? inside[2] ?? inside[3] ?? "") : trimmed;
};
const path = String.raw`("[^"]+"|'[^']+'|“[^”]+”|.+?)`;

type Make = (match: RegExpExecArray) => Pick<Instruction, "tool" | "input">;
const one = (words: string, rest: string): RegExp => new RegExp(`^(?:${words})${rest}$`, "is");
const forms: [RegExp, Make][] = [
  [one("list|列出", String.raw`(?:\s+${path})?`), (m) => ({ tool: "list", input: { path: m[1] ? quoted(m[1]) : "." } })],
  [one("read|读取", String.raw`\s*${path}`), (m) => ({ tool: "read", input: { path: quoted(m[1] ?? "") } })],
  [one("write|写入", String.raw`\s*("[^"]+"|[^:：]+)\s*[:：]\s?(.*)`), (m) => ({ tool: "write", input: { path: quoted(m[1] ?? ""), text: m[2] ?? "" } })],
  [one("append|追加", String.raw`\s*("[^"]+"|[^:：]+)\s*[:：]\s?(.*)`), (m) => ({ tool: "append", input: { path: quoted(m[1] ?? ""), text: m[2] ?? "" } })],
  [one("delete|删除", String.raw`\s*${path}`), (m) => ({ tool: "delete", input: { path: quoted(m[1] ?? "") } })],
  [one("move|移动", String.raw`\s*${path}\s*(?:\bto\b|到)\s*${path}`), (m) => ({ tool: "move", input: { from: quoted(m[1] ?? ""), to: quoted(m[2] ?? "") } })],
  [one("find", String.raw`\s+(.+?)(?:\s+in\s+${path})?`), (m) => ({ tool: "search", input: { query: quoted(m[1] ?? ""), path: m[2] ? quoted(m[2]) : "." } })],
  [one("查找", String.raw`\s*(.+?)\s*在\s*${path}`), (m) => ({ tool: "search", input: { query: quoted(m[1] ?? ""), path: quoted(m[2] ?? ".") } })],
  [one("查找", String.raw`\s*(.+)`), (m) => ({ tool: "search", input: { query: quoted(m[1] ?? ""), path: "." } })],
  [one("run|运行", String.raw`\s*[:：]\s*(.+)`), (m) => ({ tool: "run", input: { command: m[1] ?? "" } })],
  [one("fetch|获取", String.raw`\s*(\S+)`), (m) => ({ tool: "fetch", input: { url: m[1] ?? "" } })],
  [one("summarise|summarize|总结", String.raw`\s*${path}`), (m) => ({ tool: "summarise", input: { path: quoted(m[1] ?? "") } })],
  [one("organise|organize", String.raw`\s+${path}\s+by\s+(type|month)`), (m) => ({ tool: "organise", input: { path: quoted(m[1] ?? ""), by: (m[2] ?? "type").toLowerCase() } })],
  [one("整理", String.raw`\s*${path}\s*按\s*(类型|月份)`), (m) => ({ tool: "organise", input: { path: quoted(m[1] ?? ""), by: m[2] === "月份" ? "month" : "type" } })],
  [one("follow|照做", String.raw`\s*${path}`), (m) => ({ tool: "follow", input: { path: quoted(m[1] ?? "") } })],
];

function readOne(text: string): Instruction {
  for (const [form, make] of forms) {
    const match = form.exec(text);
    if (match) return { ...make(match), text };
  }
  return { tool: "unknown", input: {}, text };
}
