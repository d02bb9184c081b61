/** What is on the desk is part of what is asked: the desk stands on the composer. A draft per conversation is kept until it is sent. */
import { ArrowUp } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Desk } from "../desk/Desk.tsx";
import { pendingTurn, startedMessage } from "../state/state.ts";
import { useStore } from "../state/useStore.ts";
import { useSay } from "../words/words.ts";
import { Running } from "./Running.tsx";

const draftKey = (id: string | undefined): string => `draft.${id ?? "new"}`;

export function Composer() {
  const say = useSay();
  const act = useStore((store) => store.act);
  const open = useStore((store) => store.open);
  const id = open?.conversation.id;
  const running = open?.running ?? false;
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => setText(sessionStorage.getItem(draftKey(id)) ?? sessionStorage.getItem(draftKey(undefined)) ?? ""), [id]);
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, 220)}px`;
  }, [text]);
  const write = (value: string): void => {
    setText(value);
    sessionStorage.setItem(draftKey(id), value);
  };
  const send = async (): Promise<void> => {
    const wish = text.trim();
    if (wish === "" || running) return;
    const conversation = await act.ensureConversation();
    if (conversation === undefined) return;
    setText("");
    act.set((old) => (old.open ? { stoppedIn: undefined, open: { ...old.open, running: true, messages: [...old.open.messages, startedMessage(pendingTurn, "person", [{ type: "text", text: wish }]), startedMessage(pendingTurn, "agent", [])] } } : {}));
    const sent = await act.ask("turn.send", { conversation, text: wish });
    if (sent) {
      sessionStorage.removeItem(draftKey(id));
      sessionStorage.removeItem(draftKey(conversation));
      return;
    }
    setText(wish);
    await act.refresh("messages");
  };
  return (
    <div className="composer-area">
      <div className="composer-box">
        <Desk />
        <div className="composer-line">
          <textarea id="composer" ref={field} data-testid="composer" rows={1} value={text} placeholder={say("chat.placeholder")} aria-label={say("chat.placeholder")} onChange={(event) => write(event.target.value)}
            onKeyDown={(event) => { if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) { event.preventDefault(); void send(); } }} />
          {running
            ? <Running />
            : <button type="button" className="send" data-testid="send" aria-label={say("chat.send")} disabled={text.trim() === ""} onClick={() => void send()}><ArrowUp size={17} aria-hidden /></button>}
        </div>
      </div>
    </div>
  );
}
