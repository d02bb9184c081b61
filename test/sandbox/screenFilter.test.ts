import fc from "fast-check";
import { expect, test } from "vitest";
import { createScreenFilter } from "../../main/sandbox/screenFilter.ts";

/** The whole at once, then cut at every byte: both must say the same. */
function shown(text: string | Buffer): string {
  const bytes = Buffer.from(text);
  const whole = createScreenFilter()(bytes);
  const filter = createScreenFilter();
  const cut = Buffer.concat([...bytes].map((byte) => filter(Buffer.from([byte]))));
  expect(cut.equals(whole), JSON.stringify(String(text))).toBe(true);
  return whole.toString("latin1");
}
const kept = (text: string): void => expect(shown(text)).toBe(Buffer.from(text).toString("latin1"));

test("text, colours, cursor, full-screen programs, titles and links pass as they are", () => {
  for (const text of [
    "plain\r\n\ttext\b\x7f\x0e\x0f", "中文 é ❤ ✜ 👩‍💻 \u00a0", "\x1b[1;38;2;1;2;3mred\x1b[0m", "\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l\x1b[5;10H\x1b[K\x1b[?2004h", "\x1b7\x1b8\x1bM\x1b(B\x1b)0\x1b=\x1b>\x1bc\x1b#8", "\x1b[6n\x1b[c\x1b[>c\x1b[?2026$p", "\x1b[22;0t\x1b[23;0t\x1b[8;24;80t",
    "\x1b]0;title\x07", "\x1b]2;标题 ✜\x1b\\", "\x1b]8;;https://example.com/?q=1\x1b\\link\x1b]8;;\x1b\\", "\x1b]11;#000000\x07", "\x1b]104\x07", "\x1b]133;A\x07", "\x1b[3 q", "\x1b[<1u", "\x1b[38:2::1:2:3m",
  ]) kept(text);
});

test.each([
  ["clipboard", "\x1b]52;c;cm0gLXJm\x07"], ["clipboard, ended by ST", "\x1b]52;p;cm0gLXJm\x1b\\"], ["clipboard asked", "\x1b]52;c;?\x07"], ["with leading zeros", "\x1b]052;c;eA==\x07"], ["8-bit in UTF-8", "\u009d52;c;eA==\u009c"], ["8-bit, ended by BEL", "\u009d52;c;eA==\x07"],
  ["kitty's clipboard", "\x1b]5522;type=write\x1b\\"], ["iTerm's copy", "\x1b]1337;Copy=:eA==\x07"], ["iTerm's file", "\x1b]1337;File=name=eA==:eA==\x07"], ["a notification", "\x1b]777;notify;a;b\x07"], ["colours asked", "\x1b]11;?\x07"], ["a palette colour asked", "\x1b]4;1;?\x1b\\"],
  ["title report", "\x1b[21t"], ["icon report", "\x1b[20t"], ["title report with zeros", "\x1b[021;0t"], ["title report, 8-bit", "\u009b21t"], ["size report", "\x1b[18t"], ["title report split by a control", "\x1b[2\x7f1t"], ["answerback", "\x05"], ["printing", "\x1b[5i"], ["printing, private", "\x1b[?5i"], ["screen checksum", "\x1b[1;1;1;1;1;1*y"],
  ["DCS settings asked", "\x1bP$qm\x1b\\"], ["DCS capabilities asked", "\x1bP+q544e\x1b\\"], ["user-defined keys", "\x1bP0;1|17/6c73\x1b\\"], ["tmux passthrough", "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\"], ["kitty picture from a file", "\x1b_Gt=f,a=T;L2V0Yw==\x1b\\"], ["PM", "\x1b^x\x1b\\"], ["SOS", "\x1bXx\x1b\\"], ["screen's title", "\x1bkx\x1b\\"],
  ["8-bit DCS", "\u0090$qm\u009c"], ["8-bit APC", "\u009fGx\u009c"], ["another character set", "\x1b%@"], ["8-bit answers", "\x1b G"], ["the console's palette", "\x1b]P0112233"], ["the console's palette reset", "\x1b]R"],
])("%s never reaches the terminal; what stands around it does", (_, bad) => {
  const left = shown(`before${bad}after`);
  expect(left.startsWith("before") && left.endsWith("after")).toBe(true);
  expect(left.slice(6, -5)).not.toMatch(/52;|5522|1337|777|\?|[tiy]$|\x05|\x1bP|\x1b_|\x90|\x9d|\x1b%/);
  expect(left.slice(6, -5).replaceAll("\x1b\\", "")).toBe("");
});

test("a sequence inside another, cancelled, or a raw control byte opens no door", () => {
  expect(shown("\x1b]0;a\x1b]52;c;eA==\x07b")).toBe("b");
  expect(shown("\x1b[2\x1b]52;c;eA==\x07b")).toBe("b");
  expect(shown("\x1b[21\x18t")).toBe("t");
  expect(shown("\x1b\x1b\x1b]52;c;eA==\x07b")).toBe("b");
  expect(shown(Buffer.from("\x9d52;c;eA==\x07b", "latin1"))).toBe("52;c;eA==\x07b");
  expect(shown("\x1b]0;a\nb\x07c")).toBe("c");
  expect(shown(`\x1b]0;${"a".repeat(10_000)}\x07c`)).toBe("c");
});

test("an unfinished sequence is held and never said", () => {
  for (const text of ["a\x1b", "a\x1b[2", "a\x1b]52;c;eA==", "a\x1b]0;title", "a\x1bPx", "a\u009d"]) expect(shown(text)).toBe("a");
});

test("whatever the bytes and the cuts: no clipboard, no DCS, no APC, and what was filtered once passes unchanged", () => {
  const piece = fc.oneof(fc.constantFrom("\x1b", "]", "52;c;eA==", "\x07", "\x1b\\", "\x1b]", "\x9d", "\xc2", "\x90", "\x1bP", "_", "[", "21t", "\x18", "%@", "\x05", "\x9c", "0;t", "\xe2", "\x1a"), fc.string({ maxLength: 3 }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
    const out = shown(Buffer.from(parts.join(""), "latin1"));
    expect(out).not.toMatch(/\x1b\]0*52|\xc2\x9d|\x1b[PX^_k]|\xc2[\x90\x98\x9b\x9e\x9f]|\x05|\x1b%|\x1b\[0*2[01]t/);
    expect(shown(Buffer.from(out, "latin1"))).toBe(out);
  }), { numRuns: 3000 });
});
