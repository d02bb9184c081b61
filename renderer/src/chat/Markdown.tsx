/** The agent's text: markdown without raw HTML and without pictures from elsewhere. A link shows where it leads and opens after a confirm. */
import { memo, useState } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { Dialog } from "../frame/Dialog.tsx";
import { shown, shownProse } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

const plugins = [remarkGfm];
const components: Components = {
  a: ({ href, children }) => <Link address={href ?? ""}>{children}</Link>,
  img: ({ src }) => <Picture address={typeof src === "string" ? src : ""} />,
  table: ({ children }) => <div className="table"><table>{children}</table></div>,
};

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return <div className="markdown"><ReactMarkdown remarkPlugins={plugins} components={components} skipHtml>{shownProse(text)}</ReactMarkdown></div>;
});

function Picture({ address }: { address: string }) {
  const say = useSay();
  return <span className="quiet">{say("chat.picture", { address: shown(address, 80) })}</span>;
}

/** The address as a browser will read it: punycode, no hidden characters. Undefined where it is no web page. */
function webAddress(address: string): URL | undefined {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
  } catch {
    // A relative or broken address leads nowhere here.
    return undefined;
  }
}

function Link({ address, children }: { address: string; children?: React.ReactNode }) {
  const say = useSay();
  const [asking, setAsking] = useState(false);
  const url = webAddress(address);
  if (!url) return <span>{children}</span>;
  return (
    <>
      <button type="button" className="link" title={url.href} onClick={() => setAsking(true)}>{children}</button> <span className="link-host">({url.host})</span>
      {asking && (
        <Dialog title={say("chat.link")} onClose={() => setAsking(false)}>
          <p className="address"><strong>{url.host}</strong><br />{shown(url.href, 600)}</p>
          <div className="dialog-actions">
            <button type="button" className="button" onClick={() => setAsking(false)}>{say("app.cancel")}</button>
            <button type="button" className="button primary" onClick={() => { setAsking(false); window.open(url.href, "_blank", "noopener,noreferrer"); }}>{say("chat.linkOpen")}</button>
          </div>
        </Dialog>
      )}
    </>
  );
}
