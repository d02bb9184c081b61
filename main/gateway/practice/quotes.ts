/** Quotes around a path or a text: they open at the start of a word, and only where they are closed. Pure. */
const pairs: { [open: string]: string } = { '"': '"', "'": "'", "“": "”", "‘": "’", "「": "」" };

/** The index of the closing quote where one opens at `at`. */
export function quoteEnd(text: string, at: number): number | undefined {
  const closing = pairs[text[at] ?? ""];
  if (closing === undefined || (at > 0 && !/[\s:：\p{Script=Han}]/u.test(text[at - 1] ?? ""))) return undefined;
  const end = text.indexOf(closing, at + 1);
  return end < 0 ? undefined : end;
}

export function unquote(text: string): string {
  const bare = text.trim();
  const end = quoteEnd(bare, 0);
  return end !== undefined && end === bare.length - 1 ? bare.slice(1, -1) : bare;
}

/** Splits at a joining word outside quotes, unquoted; both sides must hold something. */
export function splitAt(text: string, join: RegExp, which: "first" | "last"): [string, string] | undefined {
  let found: [string, string] | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const end = quoteEnd(text, at);
    if (end !== undefined) {
      at = end;
      continue;
    }
    const match = join.exec(text.slice(at));
    if (!match) continue;
    const sides: [string, string] = [unquote(text.slice(0, at)), unquote(text.slice(at + match[0].length))];
    if (sides[0] === "" || sides[1] === "") continue;
    found = sides;
    if (which === "first") break;
    at += match[0].length - 1;
  }
  return found;
}
