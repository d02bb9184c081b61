/** The readable part of a web page as Markdown; the whole body where there is no such part. */
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import { htmlToMarkdown } from "./htmlToMarkdown.ts";

type ReadabilityDocument = ConstructorParameters<typeof Readability>[0];

export async function pageToMarkdown(html: string): Promise<string> {
  const { document } = parseHTML(html) as unknown as { document: ReadabilityDocument & { title: string; toString(): string } };
  const title = document.title;
  const article = new Readability(document, { charThreshold: 200 }).parse();
  const body = htmlToMarkdown(article?.content ?? html);
  const heading = article?.title || title;
  return heading ? `# ${heading}\n\n${body}` : body;
}
