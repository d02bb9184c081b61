/**
 * What a contained command may say to the caller's own terminal. Text, colours, cursor and screen pass as they are. What would make the
 * terminal act beyond its screen does not: its clipboard (OSC 52 and kin), files and pictures (DCS, APC), answers that carry text of the
 * command's choice (title reports, ENQ), printing, screen checksums, another character set. Only complete, known sequences pass: a split
 * or unfinished one is held, and what is held at the end is dropped. Piped output never comes here.
 */

type State = "ground" | "c2" | "escape" | "csi" | "osc" | "dropped";

/** Titles, colours, working directory, links, prompt marks. A `?` in them asks the terminal and does not pass. */
const passedCommands = new Set(["0", "1", "2", "4", "7", "8", "10", "11", "12", "17", "19", "104", "110", "111", "112", "117", "119", "133"]);
const askingCommands = new Set(["4", "10", "11", "12", "17", "19"]);
const reports = new Set(["11", "13", "14", "15", "16", "18", "19", "20", "21"]);
const mostHeld = 4096;

interface Parser { state: State; held: number[]; more: number; ending: boolean; out: number[] }

export function createScreenFilter(): (bytes: Buffer) => Buffer {
  const parser: Parser = { state: "ground", held: [], more: 0, ending: false, out: [] };
  return (bytes) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const from = at;
      // The common case, a run of plain text, is passed on without looking at it twice.
      if (parser.state === "ground") while (at < bytes.length && plain(bytes[at] ?? 0)) at++;
      if (at > from) {
        parser.more = 0;
        pieces.push(Buffer.from(parser.out), bytes.subarray(from, at));
        parser.out = [];
      }
      const byte = bytes[at];
      if (byte !== undefined) take(parser, byte);
    }
    pieces.push(Buffer.from(parser.out));
    parser.out = [];
    return Buffer.concat(pieces);
  };
}

const plain = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || byte === 10 || byte === 13 || byte === 9;

function enter(parser: Parser, state: State): void {
  parser.state = state;
  parser.held = [];
  parser.ending = false;
}

function take(parser: Parser, byte: number): void {
  if (parser.state === "ground") return ground(parser, byte);
  if (parser.state === "c2") return control(parser, byte);
  // Cancel and substitute end every sequence.
  if (byte === 0x18 || byte === 0x1a) return enter(parser, "ground");
  if (parser.state === "escape") return escape(parser, byte);
  if (parser.state === "csi") return csi(parser, byte);
  return string(parser, byte);
}

function ground(parser: Parser, byte: number): void {
  const continues = byte >= 0x80 && byte < 0xc0 && parser.more > 0;
  parser.more = continues ? parser.more - 1 : byte >= 0xf0 && byte < 0xf5 ? 3 : byte >= 0xe0 && byte < 0xf0 ? 2 : byte >= 0xc3 && byte < 0xe0 ? 1 : 0;
  if (byte === 0x1b) return enter(parser, "escape");
  if (byte === 0xc2) return enter(parser, "c2");
  // ENQ asks for the answerback; a bare C1 byte is no text.
  if (byte === 0x05 || (!continues && byte >= 0x80 && byte < 0xa0)) return;
  parser.out.push(byte);
}

/** After C2: the controls 80–9F in UTF-8, which many terminals obey like their two-byte forms. */
function control(parser: Parser, byte: number): void {
  enter(parser, "ground");
  if (byte === 0x9b) return enter(parser, "csi");
  if (byte === 0x9d) return enter(parser, "osc");
  if (byte === 0x90 || byte === 0x98 || byte === 0x9e || byte === 0x9f) return enter(parser, "dropped");
  if (byte >= 0xa0 && byte < 0xc0) return void parser.out.push(0xc2, byte);
  return byte >= 0x80 && byte < 0xa0 ? undefined : ground(parser, byte);
}

function escape(parser: Parser, byte: number): void {
  const { held } = parser;
  if (byte === 0x1b) return enter(parser, "escape");
  if (held.length === 0) {
    if (byte === 0x5b) return enter(parser, "csi");
    if (byte === 0x5d) return enter(parser, "osc");
    // DCS, SOS, PM, APC, and the title of screen.
    if ([0x50, 0x58, 0x5e, 0x5f, 0x6b].includes(byte)) return enter(parser, "dropped");
  }
  if (byte < 0x20) return ground(parser, byte);
  if (byte >= 0x20 && byte < 0x30 && held.length < 4) return void held.push(byte);
  // ESC % changes the character set, ESC SP the form of controls: what follows would be read otherwise than here.
  const passes = byte < 0x7f && held[0] !== 0x25 && held[0] !== 0x20;
  enter(parser, "ground");
  if (passes) parser.out.push(0x1b, ...held, byte);
  else if (byte >= 0x80) ground(parser, byte);
}

function csi(parser: Parser, byte: number): void {
  const { held } = parser;
  if (byte === 0x1b) return enter(parser, "escape");
  // A control inside is obeyed at once, as terminals do.
  if (byte < 0x20) return void (byte !== 0x05 && parser.out.push(byte));
  if (byte === 0x7f) return;
  if (byte < 0x40 && held.length < mostHeld) return void held.push(byte);
  enter(parser, "ground");
  if (byte >= 0x80) return ground(parser, byte);
  if (byte < 0x40 || !passesCsi(Buffer.from(held).toString("latin1"), byte)) return;
  parser.out.push(0x1b, 0x5b, ...held, byte);
}

function passesCsi(parameters: string, final: number): boolean {
  const name = String.fromCharCode(final);
  if (name === "i") return false;
  if (name === "y" && parameters.includes("*")) return false;
  return !(name === "t" && !/[^0-9;:]/.test(parameters) && reports.has(String(Number(parameters.split(/[;:]/)[0]))));
}

function string(parser: Parser, byte: number): void {
  const { held, ending } = parser;
  parser.ending = false;
  if (ending) {
    if (byte === 0x5c) return close(parser, [0x1b, 0x5c]);
    enter(parser, "escape");
    return take(parser, byte);
  }
  if (byte === 0x1b) return void (parser.ending = true);
  if (byte === 0x07) return close(parser, [0x07]);
  const high = held.at(-1) === 0xc2 && byte >= 0x80 && byte < 0xa0;
  if (high && byte === 0x9c) return enter(parser, "ground");
  held.push(byte);
  if (parser.state === "dropped") return void (held.length > 1 && held.shift());
  // The Linux console's palette: it has no end of its own.
  if (held[0] === 0x52 || (held[0] === 0x50 && held.length === 8)) return enter(parser, "ground");
  if (high || byte < 0x20 || held.length > mostHeld) parser.state = "dropped";
}

function close(parser: Parser, end: number[]): void {
  const { state, held } = parser;
  const text = Buffer.from(held).toString("latin1");
  const command = /^\d+/.exec(text)?.[0] ?? "";
  enter(parser, "ground");
  if (state !== "osc" || !passedCommands.has(command) || !/^\d+(;|$)/.test(text)) return;
  if (askingCommands.has(command) && text.includes("?")) return;
  parser.out.push(0x1b, 0x5d, ...held, ...end);
}
