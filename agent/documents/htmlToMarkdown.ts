/** HTML → Markdown, tables included. */
import TurndownService from "turndown";
import { markdownTable } from "./csv.ts";

interface HtmlNode {
  textContent: string | null;
  querySelectorAll(selector: string): Iterable<HtmlNode>;
}

export function htmlToMarkdown(html: string): string {
  const service = new TurndownService({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-", emDelimiter: "*" });
  service.remove(["script", "style", "noscript"]);
  service.addRule("table", {
    filter: "table",
    replacement(_text, node) {
      const rows = Array.from((node as unknown as HtmlNode).querySelectorAll("tr"), (row) => Array.from(row.querySelectorAll("th, td"), (cell) => (cell.textContent ?? "").trim().replace(/\s+/g, " ")));
      return `\n\n${markdownTable(rows)}\n\n`;
    },
  });
  return service.turndown(html).trim();
}
