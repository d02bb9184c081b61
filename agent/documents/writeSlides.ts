import PptxGen from "pptxgenjs";
import { parseMarkdown, textOf, type Block, type Run } from "./markdown.ts";

interface Slide {
  title: string;
  blocks: Block[];
}

type Presentation = InstanceType<typeof PptxGen.default>;
// The package's types speak of its CommonJS form; what Node and the bundle load is the ES module, whose default is the class.
const Deck = PptxGen as unknown as typeof PptxGen.default;

export async function writeSlides(text: string): Promise<Uint8Array> {
  const deck = new Deck();
  deck.layout = "LAYOUT_WIDE";
  for (const slide of slidesOf(parseMarkdown(text))) addSlide(deck, slide);
  return new Uint8Array((await deck.write({ outputType: "nodebuffer" })) as Uint8Array);
}

/** A heading of level 1 or 2, or a rule, begins a slide. */
function slidesOf(blocks: readonly Block[]): Slide[] {
  const slides: Slide[] = [];
  for (const block of blocks) {
    const last = slides.at(-1);
    if (block.type === "heading" && block.level <= 2) {
      // A rule right before a heading began this slide already.
      if (last && last.title === "" && last.blocks.length === 0) last.title = textOf(block.runs);
      else slides.push({ title: textOf(block.runs), blocks: [] });
    } else if (block.type === "rule") slides.push({ title: "", blocks: [] });
    else if (last) last.blocks.push(block);
    else slides.push({ title: "", blocks: [block] });
  }
  const filled = slides.filter((slide) => slide.title !== "" || slide.blocks.length > 0);
  return filled.length > 0 ? filled : [{ title: "", blocks: [] }];
}

function addSlide(deck: Presentation, { title, blocks }: Slide): void {
  const slide = deck.addSlide();
  if (title) slide.addText(title, { x: 0.6, y: 0.4, w: 12.1, h: 1, fontSize: 32, bold: true, valign: "middle", fit: "shrink" });
  const tables = blocks.filter((block) => block.type === "table");
  const lines = blocks.flatMap((block) => (block.type === "table" ? [] : linesOf(block)));
  const textHeight = tables.length === 0 ? 5.4 : 2.4;
  if (lines.length > 0) slide.addText(lines, { x: 0.6, y: 1.6, w: 12.1, h: textHeight, fontSize: 18, valign: "top", fit: "shrink" });
  let y = lines.length > 0 ? 1.7 + textHeight : 1.6;
  for (const table of tables) {
    const width = Math.max(1, ...table.rows.map((row) => row.length));
    const rows = table.rows.map((row, index) => Array.from({ length: width }, (_, column) => ({ text: textOf(row[column] ?? []), options: { bold: index === 0 } })));
    slide.addTable(rows, { x: 0.6, y, w: 12.1, fontSize: 14, border: { type: "solid", pt: 0.5, color: "999999" } });
    y += 0.4 * rows.length + 0.2;
  }
}

function linesOf(block: Exclude<Block, { type: "table" }>): { text: string; options: object }[] {
  switch (block.type) {
    case "rule": return [];
    case "code": return [{ text: block.text, options: { fontFace: "Consolas", fontSize: 14, breakLine: true } }];
    case "heading": return runsOf(block.runs, { bold: true });
    case "paragraph": return runsOf(block.runs, {});
    case "item": return runsOf(block.runs, { bullet: block.ordered ? { type: "number" } : true, indentLevel: block.level });
  }
}

function runsOf(runs: readonly Run[], options: object): { text: string; options: object }[] {
  return runs.map((run, index) => ({ text: run.text, options: { ...options, ...(run.bold ? { bold: true } : {}), ...(run.italic ? { italic: true } : {}), ...(run.code ? { fontFace: "Consolas" } : {}), ...(index === runs.length - 1 ? { breakLine: true } : {}) } }));
}
