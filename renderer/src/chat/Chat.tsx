/** The middle: head with containment in words, messages, the desk on the composer. */
import { useEffect, useRef } from "react";
import { Composer } from "./Composer.tsx";
import { Containment } from "./Containment.tsx";
import { MessageView } from "./MessageView.tsx";
import type { Message } from "../../../protocol/conversation.ts";
import { useStore } from "../state/useStore.ts";
import { shown } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

const nothingSaid: readonly Message[] = [];

export function Chat() {
  const say = useSay();
  const open = useStore((store) => store.open);
  const staged = useStore((store) => store.changes.length);
  const set = useStore((store) => store.act.set);
  const stoppedIn = useStore((store) => store.stoppedIn);
  const scroller = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const messages = open?.messages ?? nothingSaid;
  useEffect(() => {
    const element = scroller.current;
    if (element && follow.current) element.scrollTop = element.scrollHeight;
  }, [messages, staged]);
  const watch = (): void => {
    const element = scroller.current;
    if (element) follow.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80;
  };
  const title = open?.conversation.title;
  return (
    <main className="chat">
      <header className="chat-head">
        <h1>{title === undefined || title === "" ? say("app.untitled") : shown(title, 120)}</h1>
        <Containment />
      </header>
      <div className="messages" ref={scroller} onScroll={watch} tabIndex={0} role="log" aria-label={say("app.conversations")} aria-busy={open?.running ?? false}>
        <div className="column">
          {messages.length === 0 && <div className="empty"><h2>{say("chat.empty")}</h2><p>{say("chat.emptyMore")}</p></div>}
          {messages.map((message) => <MessageView key={`${message.role}-${message.turn}`} message={message} />)}
          {stoppedIn !== undefined && !open?.running && <p className="quiet" role="status">{say("chat.stopped", { ms: stoppedIn })}</p>}
          {staged > 0 && !open?.running && messages.length > 0 && (
            <button type="button" className="review" onClick={() => set({ tab: "changes" })}>{say("chat.review", { count: staged })}<span>{say("chat.reviewOpen")}</span></button>
          )}
        </div>
      </div>
      <Composer />
    </main>
  );
}
