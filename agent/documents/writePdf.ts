import { PDFDocument, rgb, StandardFonts, type PDFFont, type PDFPage } from "pdf-lib";
import { parseMarkdown, textOf, type Block, type Run } from "./markdown.ts";

const page = { width: 595, height: 842, margin: 56 };
const sizes = [22, 17, 14, 12, 11, 11];
const black = rgb(0, 0, 0);
const grey = rgb(0.6, 0.6, 0.6);

interface Fonts {
  plain: PDFFont;
  bold: PDFFont;
  italic: PDFFont;
  mono: PDFFont;
}

interface Pen {
  document: PDFDocument;
  fonts: Fonts;
  page: PDFPage;
  y: number;
}

export async function writePdf(text: string): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const [plain, bold, italic, mono] = await Promise.all([StandardFonts.Helvetica, StandardFonts.HelveticaBold, StandardFonts.HelveticaOblique, StandardFonts.Courier].map((font) => document.embedFont(font))) as [PDFFont, PDFFont, PDFFont, PDFFont];
  const pen: Pen = { document, fonts: { plain, bold, italic, mono }, page: document.addPage([page.width, page.height]), y: page.height - page.margin };
  for (const block of parseMarkdown(text)) drawBlock(pen, block);
  return document.save();
}

function drawBlock(pen: Pen, block: Block): void {
  const left = page.margin;
  switch (block.type) {
    case "heading": {
      pen.y -= 8;
      const size = sizes[block.level - 1] ?? 11;
      return drawRuns(pen, block.runs.map((run) => ({ ...run, bold: true })), { left, size });
    }
    case "paragraph": return drawRuns(pen, block.runs, { left, size: 11 });
    case "item": {
      const indent = left + 14 + 14 * block.level;
      makeRoom(pen, 16);
      pen.page.drawText(block.ordered ? `${block.number}.` : "•", { x: indent - 14, y: pen.y - 11, size: 11, font: pen.fonts.plain });
      return drawRuns(pen, block.runs, { left: indent + (block.ordered ? 4 : 0), size: 11 });
    }
    case "code": return block.text.split("\n").forEach((line) => drawRuns(pen, [{ text: line || " ", code: true }], { left, size: 9 }));
    case "rule": {
      makeRoom(pen, 16);
      pen.page.drawLine({ start: { x: left, y: pen.y - 8 }, end: { x: page.width - left, y: pen.y - 8 }, thickness: 0.5, color: grey });
      return void (pen.y -= 16);
    }
    case "table": return drawTable(pen, block.rows);
  }
}

function drawRuns(pen: Pen, runs: readonly Run[], { left, size }: { left: number; size: number }): void {
  const right = page.width - page.margin;
  const height = size * 1.35;
  let x = left;
  makeRoom(pen, height);
  for (const run of runs) {
    const font = fontOf(pen.fonts, run);
    for (const word of drawable(font, run.text).split(/(?<=\s)/).flatMap((part) => broken(font, { word: part, size, most: right - left }))) {
      const width = font.widthOfTextAtSize(word, size);
      if (x > left && x + font.widthOfTextAtSize(word.trimEnd(), size) > right) {
        pen.y -= height;
        makeRoom(pen, height);
        x = left;
      }
      pen.page.drawText(word, { x, y: pen.y - size, size, font, color: black });
      x += width;
    }
  }
  pen.y -= height + 3;
}

function drawTable(pen: Pen, rows: readonly Run[][][]): void {
  const columns = Math.max(1, ...rows.map((row) => row.length));
  const width = (page.width - 2 * page.margin) / columns;
  for (const [index, row] of rows.entries()) {
    const font = index === 0 ? pen.fonts.bold : pen.fonts.plain;
    const wrapped = Array.from({ length: columns }, (_, column) => wrap(font, drawable(font, textOf(row[column] ?? [])), width - 8));
    const height = Math.max(1, ...wrapped.map((lines) => lines.length)) * 13 + 6;
    makeRoom(pen, height);
    wrapped.forEach((lines, column) => {
      const x = page.margin + column * width;
      pen.page.drawRectangle({ x, y: pen.y - height, width, height, borderColor: grey, borderWidth: 0.5 });
      lines.forEach((line, at) => pen.page.drawText(line, { x: x + 4, y: pen.y - 12 - at * 13, size: 10, font, color: black }));
    });
    pen.y -= height;
  }
  pen.y -= 10;
}

function wrap(font: PDFFont, text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).flatMap((part) => broken(font, { word: part, size: 10, most }))) {
    const last = lines.at(-1);
    if (last !== undefined && font.widthOfTextAtSize(`${last} ${word}`, 10) <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A word wider than the line is cut into parts that fit. */
function broken(font: PDFFont, { word, size, most }: { word: string; size: number; most: number }): string[] {
  if (font.widthOfTextAtSize(word, size) <= most) return [word];
  const parts: string[] = [];
  let part = "";
  for (const letter of word) {
    if (part && font.widthOfTextAtSize(part + letter, size) > most) {
      parts.push(part);
      part = "";
    }
    part += letter;
  }
  return part ? [...parts, part] : parts;
}

function makeRoom(pen: Pen, height: number): void {
  if (pen.y - height >= page.margin) return;
  pen.page = pen.document.addPage([page.width, page.height]);
  pen.y = page.height - page.margin;
}

const fontOf = (fonts: Fonts, run: Run): PDFFont => (run.code ? fonts.mono : run.bold ? fonts.bold : run.italic ? fonts.italic : fonts.plain);

/** The PDF standard fonts know Western characters only: others lose their accents, or become a question mark. */
function drawable(font: PDFFont, text: string): string {
  const known = new Set(font.getCharacterSet());
  return Array.from(text.replaceAll("\t", "    ").replaceAll("\n", " "), (letter) => {
    if (known.has(letter.codePointAt(0) ?? 0)) return letter;
    const bare = letter.normalize("NFKD").replace(/\p{M}/gu, "");
    return Array.from(bare).every((part) => known.has(part.codePointAt(0) ?? 0)) ? bare : "?";
  }).join("");
}
