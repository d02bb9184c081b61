/**
 * The practice model's language: one instruction a line, or joined by «then» / «然后». Pure. No AI: it does literally what it is told.
 * write, append and run take the rest of their line as it is, also a «then» in it. A joining word inside quotes joins nothing.
 */
import { quoteEnd, splitAt, unquote } from "./quotes.ts";

export interface Instruction {
  tool: string;
  input: { [name: string]: unknown };
  /** As the person wrote it; shown in the plan. */
  text: string;
}

type Verb = "list" | "read" | "write" | "append" | "delete" | "move" | "find" | "run" | "fetch" | "summarise" | "organise" | "follow";
interface Word { word: string; verb: Verb; chinese: boolean }

const english: [string, Verb][] = [
  ["list", "list"], ["read", "read"], ["write", "write"], ["append", "append"], ["delete", "delete"], ["move", "move"], ["find", "find"], ["run", "run"],
  ["fetch", "fetch"], ["summarise", "summarise"], ["summarize", "summarise"], ["organise", "organise"], ["organize", "organise"], ["follow", "follow"],
];
const chinese: [string, Verb][] = [
  ["列出", "list"], ["读取", "read"], ["写入", "write"], ["追加", "append"], ["删除", "delete"], ["移动", "move"], ["查找", "find"], ["运行", "run"],
  ["获取", "fetch"], ["总结", "summarise"], ["整理", "organise"], ["照做", "follow"],
];
const words: readonly Word[] = [...english.map(([word, verb]) => ({ word, verb, chinese: false })), ...chinese.map(([word, verb]) => ({ word, verb, chinese: true }))];
const takesRest: ReadonlySet<Verb> = new Set(["write", "append", "run"]);

/** The instructions of `text` in order; a part that is none becomes the tool "unknown". */
export function readInstructions(text: string): Instruction[] {
  return text.split(/\r\n|\r|\n/).flatMap(splitLine).map(readOne);
}

function splitLine(line: string): string[] {
  const parts: string[] = [];
  let rest = line.trim();
  while (rest !== "") {
    rest = rest.replace(/^(?:then(?=\s|$)|然后)\s*/i, "");
    const found = wordAt(rest);
    if (found && takesRest.has(found.word.verb)) return [...parts, rest];
    const cut = joinAt(rest);
    const part = (cut ? rest.slice(0, cut.from) : rest).replace(/[\s,，;；。]+$/, "");
    if (part !== "") parts.push(part);
    rest = cut ? rest.slice(cut.to).trim() : "";
  }
  return parts;
}

/** Where the first joining word outside quotes stands. */
function joinAt(text: string): { from: number; to: number } | undefined {
  for (let at = 0; at < text.length; at += 1) {
    const end = quoteEnd(text, at);
    if (end !== undefined) {
      at = end;
      continue;
    }
    const join = /^(?:\s+then(?=\s|$)|然后)/i.exec(text.slice(at, at + 40));
    if (join) return { from: at, to: at + join[0].length };
  }
  return undefined;
}

/** The verb at the start and the text after it. An English verb ends where its word ends, a Chinese one needs no gap. */
function wordAt(text: string): { word: Word; rest: string } | undefined {
  for (const word of words) {
    if (text.slice(0, word.word.length).toLowerCase() !== word.word) continue;
    const rest = text.slice(word.word.length);
    if (word.chinese || /^(?:$|[\s:：])/.test(rest)) return { word, rest: rest.replace(/^\s*[:：]?\s*/, "") };
  }
  return undefined;
}

function readOne(text: string): Instruction {
  const found = wordAt(text);
  const use = found && readUse(found.word, found.rest);
  return use ? { ...use, text } : { tool: "unknown", input: {}, text };
}

type Use = Pick<Instruction, "tool" | "input">;

function readUse({ verb, chinese: zh }: Word, rest: string): Use | undefined {
  switch (verb) {
    case "list": return { tool: verb, input: { path: unquote(rest) || "." } };
    case "read": case "delete": case "summarise": case "follow": return unquote(rest) === "" ? undefined : { tool: verb, input: { path: unquote(rest) } };
    case "write": case "append": return readText(verb, rest);
    case "move": return readMove(rest, zh);
    case "find": return readFind(rest, zh);
    case "run": return rest === "" ? undefined : { tool: verb, input: { command: rest } };
    case "fetch": return /^\S+$/.test(unquote(rest)) ? { tool: verb, input: { url: unquote(rest) } } : undefined;
    case "organise": return readOrganise(rest, zh);
  }
}

function readText(verb: "write" | "append", rest: string): Use | undefined {
  const end = quoteEnd(rest, 0);
  const from = end === undefined ? 0 : end + 1;
  const colon = /[:：]/.exec(rest.slice(from));
  if (!colon) return undefined;
  const path = unquote(rest.slice(0, from + colon.index));
  return path === "" ? undefined : { tool: verb, input: { path, text: rest.slice(from + colon.index + 1).replace(/^\s/, "") } };
}

function readMove(rest: string, zh: boolean): Use | undefined {
  const sides = zh ? (splitAt(rest, /^\s+到\s+/, "first") ?? splitAt(rest, /^\s*到\s*/, "first")) : splitAt(rest, /^\s+to\s+/i, "first");
  return sides && { tool: "move", input: { from: sides[0], to: sides[1] } };
}

function readFind(rest: string, zh: boolean): Use | undefined {
  // The last one joins: what is looked for is any text, a path seldom holds the word.
  const sides = zh ? (splitAt(rest, /^\s+在\s+/, "last") ?? splitAt(rest, /^\s*在\s*/, "last")) : splitAt(rest, /^\s+in\s+/i, "last");
  const query = sides ? sides[0] : unquote(rest);
  return query === "" ? undefined : { tool: "search", input: { query, path: sides ? sides[1] : "." } };
}

function readOrganise(rest: string, zh: boolean): Use | undefined {
  const sides = splitAt(rest, zh ? /^\s*按\s*/ : /^\s+by\s+/i, "last");
  const by = sides && new Map([["type", "type"], ["类型", "type"], ["month", "month"], ["月份", "month"]]).get(sides[1].toLowerCase());
  return by ? { tool: "organise", input: { path: sides[0], by } } : undefined;
}
