/** Documents as text: each library is loaded when the first document of its kind is read. */
import { markdownTable } from "./csv.ts";

const readers: { [extension: string]: (bytes: Buffer) => Promise<string> } = {
  ".docx": readWord, ".xlsx": readSheets, ".xlsm": readSheets, ".xls": readSheets, ".ods": readSheets, ".pptx": readSlides, ".pdf": readPdf,
};
const mostRows = 5000;

export const isDocument = (extension: string): boolean => Object.hasOwn(readers, extension);

export async function readDocument(extension: string, bytes: Buffer): Promise<string> {
  const reader = readers[extension];
  if (!reader) throw new Error(`There is no reader for ${extension}.`);
  return reader(bytes);
}

async function readWord(bytes: Buffer): Promise<string> {
  const [{ default: mammoth }, { htmlToMarkdown }] = await Promise.all([import("mammoth"), import("./htmlToMarkdown.ts")]);
  const { value } = await mammoth.convertToHtml({ buffer: bytes }, { convertImage: mammoth.images.imgElement(async () => ({ src: "" })) });
  return htmlToMarkdown(value);
}

async function readSheets(bytes: Buffer): Promise<string> {
  const { read, utils } = await import("@e965/xlsx");
  const book = read(bytes, { dense: true, cellDates: true });
  return book.SheetNames.map((name) => {
    const sheet = book.Sheets[name];
    const rows = sheet ? utils.sheet_to_json<unknown[]>(sheet, { header: 1, raw: false, defval: "", blankrows: false }) : [];
    const shown = rows.slice(0, mostRows).map((row) => Array.from(row, (cell) => String(cell ?? "")));
    const more = rows.length > mostRows ? `\n(${rows.length - mostRows} more rows)` : "";
    return `## ${name}\n\n${markdownTable(shown) || "(empty)"}${more}`;
  }).join("\n\n");
}

async function readSlides(bytes: Buffer): Promise<string> {
  const { default: JSZip } = await import("jszip");
  const zip = await JSZip.loadAsync(bytes);
  const number = (name: string): number => Number(/(\d+)\.xml$/.exec(name)?.[1] ?? 0);
  const names = Object.keys(zip.files).filter((name) => /^ppt\/slides\/slide\d+\.xml$/.test(name)).sort((a, b) => number(a) - number(b));
  const slides = await Promise.all(names.map(async (name) => slideText((await zip.file(name)?.async("string")) ?? "")));
  return slides.map((text, index) => `## Slide ${index + 1}\n\n${text}`).join("\n\n");
}

function slideText(xml: string): string {
  const paragraphs = (part: string): string[] => [...part.matchAll(/<a:p>.*?<\/a:p>|<a:p .*?<\/a:p>/gs)]
    .map(([paragraph]) => [...paragraph.matchAll(/<a:t>(.*?)<\/a:t>|<a:br\/?>/gs)].map((match) => (match[1] === undefined ? " " : plain(match[1]))).join(""))
    .filter((text) => text.trim() !== "");
  const tables: string[] = [];
  const rest = xml.replace(/<a:tbl>.*?<\/a:tbl>/gs, (table) => {
    const rows = [...table.matchAll(/<a:tr .*?<\/a:tr>|<a:tr>.*?<\/a:tr>/gs)].map(([row]) => [...row.matchAll(/<a:tc[ >].*?<\/a:tc>/gs)].map(([cell]) => paragraphs(cell).join(" ")));
    tables.push(markdownTable(rows));
    return "";
  });
  return [...paragraphs(rest), ...tables.map((table) => `\n${table}`)].join("\n");
}

const plain = (xml: string): string => xml.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&apos;", "'").replaceAll("&amp;", "&");

async function readPdf(bytes: Buffer): Promise<string> {
  const { extractText, getDocumentProxy } = await import("unpdf");
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(bytes)), { mergePages: false });
  return text.map((page, index) => `## Page ${index + 1}\n\n${page.trim()}`).join("\n\n");
}
