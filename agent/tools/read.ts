import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { z } from "zod";
import { isDocument, readDocument } from "../documents/readDocument.ts";
import { bounded, inside, shortName } from "../paths.ts";
import { defineTool } from "./tool.ts";

const images: { [extension: string]: string } = { ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp" };
const mostImage = 4 << 20;
const mostFile = 50 << 20;
const mostText = 200_000;

export const read = defineTool({
  name: "read", kind: "read",
  description: "Reads a file: text, pictures (png, jpg, gif, webp), Word (docx), Excel (xlsx), PowerPoint (pptx) and PDF as text with tables. startLine and endLine (from 1, both included) give a part.",
  input: z.object({ path: z.string(), startLine: z.number().int().positive().optional(), endLine: z.number().int().positive().optional() }),
  title: ({ path }) => `Read ${shortName(path)}`,
  async run({ path, startLine, endLine }, { directory }) {
    const file = inside(directory, path);
    const facts = await stat(file);
    if (facts.isDirectory()) throw new Error(`${path} is a folder: use list.`);
    const extension = extname(file).toLowerCase();
    const mediaType = images[extension];
    if (mediaType) {
      if (facts.size > mostImage) throw new Error(`${path} is larger than 4 MB: make a smaller copy first.`);
      return { text: `Picture ${path}, ${facts.size} bytes`, image: { base64: (await readFile(file)).toString("base64"), mediaType } };
    }
    if (facts.size > mostFile) throw new Error(`${path} is larger than 50 MB: read it in parts with run.`);
    const bytes = await readFile(file);
    const text = isDocument(extension) ? await readDocument(extension, bytes) : plainText(bytes, path);
    return bounded(part(text, startLine, endLine), mostText);
  },
});

function plainText(bytes: Buffer, path: string): string {
  if (bytes.subarray(0, 8000).includes(0)) throw new Error(`${path} is not text.`);
  return bytes.toString("utf8").replace(/^\ufeff/, "");
}

function part(text: string, start: number | undefined, end: number | undefined): string {
  if (start === undefined && end === undefined) return text;
  return text.split("\n").slice((start ?? 1) - 1, end).join("\n");
}
