/** Markdown (or CSV for sheets) → the bytes of a document. Each library is loaded when the first document of its kind is written. */
const writers: { [extension: string]: (text: string) => Promise<Uint8Array> } = {
  ".docx": async (text) => (await import("./writeWord.ts")).writeWord(text),
  ".xlsx": async (text) => (await import("./writeSheets.ts")).writeSheets(text),
  ".pptx": async (text) => (await import("./writeSlides.ts")).writeSlides(text),
  ".pdf": async (text) => (await import("./writePdf.ts")).writePdf(text),
};

export const isWritableDocument = (extension: string): boolean => Object.hasOwn(writers, extension);

export async function writeDocument(extension: string, text: string): Promise<Uint8Array> {
  const writer = writers[extension];
  if (!writer) throw new Error(`There is no writer for ${extension}.`);
  return writer(text);
}
