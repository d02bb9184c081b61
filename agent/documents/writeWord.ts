import { AlignmentType, BorderStyle, Document, HeadingLevel, LevelFormat, Packer, Paragraph, Table, TableCell, TableRow, TextRun, WidthType } from "docx";
import { parseMarkdown, type Block, type Run } from "./markdown.ts";

const headings = [HeadingLevel.HEADING_1, HeadingLevel.HEADING_2, HeadingLevel.HEADING_3, HeadingLevel.HEADING_4, HeadingLevel.HEADING_5, HeadingLevel.HEADING_6];
const mono = "Consolas";

export async function writeWord(text: string): Promise<Uint8Array> {
  const levels = Array.from({ length: 9 }, (_, level) => ({
    level, format: LevelFormat.DECIMAL, text: `%${level + 1}.`, alignment: AlignmentType.START,
    style: { paragraph: { indent: { left: 720 * (level + 1), hanging: 360 } } },
  }));
  const document = new Document({
    numbering: { config: [{ reference: "ordered", levels }] },
    sections: [{ children: withLists(parseMarkdown(text)) }],
  });
  return Packer.toBuffer(document);
}

/** Each ordered list counts from 1: a new instance begins where the block before was no ordered item. */
function withLists(blocks: readonly Block[]): (Paragraph | Table)[] {
  let instance = 0;
  return blocks.map((block, index) => {
    const before = blocks[index - 1];
    if (block.type === "item" && block.ordered && before?.type !== "item") instance++;
    return blockOf(block, instance);
  });
}

function blockOf(block: Block, instance: number): Paragraph | Table {
  switch (block.type) {
    case "heading": return new Paragraph({ heading: headings[block.level - 1] ?? HeadingLevel.HEADING_6, children: block.runs.map(runOf) });
    case "paragraph": return new Paragraph({ children: block.runs.map(runOf), spacing: { after: 120 } });
    case "item": return new Paragraph({ children: block.runs.map(runOf), ...(block.ordered ? { numbering: { reference: "ordered", level: block.level, instance } } : { bullet: { level: block.level } }) });
    case "code": return new Paragraph({ children: block.text.split("\n").map((line, index) => new TextRun({ text: line, font: mono, ...(index > 0 ? { break: 1 } : {}) })) });
    case "rule": return new Paragraph({ border: { bottom: { style: BorderStyle.SINGLE, size: 6, color: "999999", space: 1 } } });
    case "table": return tableOf(block.rows);
  }
}

function tableOf(rows: readonly Run[][][]): Table {
  const width = Math.max(1, ...rows.map((row) => row.length));
  return new Table({
    width: { size: 100, type: WidthType.PERCENTAGE },
    rows: rows.map((row, index) => new TableRow({
      tableHeader: index === 0,
      children: Array.from({ length: width }, (_, column) => new TableCell({ children: [new Paragraph({ children: (row[column] ?? []).map((run) => runOf(index === 0 ? { ...run, bold: true } : run)) })] })),
    })),
  });
}

const runOf = (run: Run): TextRun => new TextRun({ text: run.text, ...(run.bold ? { bold: true } : {}), ...(run.italic ? { italics: true } : {}), ...(run.code ? { font: mono } : {}) });
