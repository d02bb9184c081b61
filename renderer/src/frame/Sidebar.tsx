/** Conversations, newest first, with search; settings below. */
import { Plus, Search, Settings as Gear, ShieldCheck, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import type { Conversation } from "../../../protocol/conversation.ts";
import { useStore } from "../state/useStore.ts";
import { shown } from "../words/shown.ts";
import { useSay } from "../words/words.ts";
import { Dialog } from "./Dialog.tsx";

export function Sidebar() {
  const say = useSay();
  const conversations = useStore((store) => store.conversations);
  const act = useStore((store) => store.act);
  const page = useStore((store) => store.page);
  const [search, setSearch] = useState("");
  const groups = useMemo(() => groupByDay(conversations, search), [conversations, search]);
  const begin = async (): Promise<void> => {
    act.set({ open: undefined, events: [], total: 0, changes: [], page: "conversation", stoppedIn: undefined });
    await act.ensureConversation();
    document.getElementById("composer")?.focus();
  };
  return (
    <nav className="sidebar" aria-label={say("app.conversations")}>
      <div className="brand"><ShieldCheck size={18} aria-hidden /> Bulkhead</div>
      <button type="button" className="new-button" data-testid="new-conversation" onClick={() => void begin()}><Plus size={16} aria-hidden />{say("app.new")}</button>
      <label className="search"><Search size={14} aria-hidden /><input type="search" value={search} placeholder={say("app.search")} aria-label={say("app.search")} onChange={(event) => setSearch(event.target.value)} /></label>
      <div className="conversations">
        {groups.map((group) => (
          <section key={group.key}>
            <h2>{say(group.key)}</h2>
            <ul>{group.items.map((item) => <Row key={item.id} conversation={item} />)}</ul>
          </section>
        ))}
      </div>
      <button type="button" className={page === "settings" ? "side-link chosen" : "side-link"} data-testid="settings" onClick={() => act.set({ page: page === "settings" ? "conversation" : "settings" })}><Gear size={16} aria-hidden />{say("app.settings")}</button>
    </nav>
  );
}

function Row({ conversation }: { conversation: Conversation }) {
  const say = useSay();
  const act = useStore((store) => store.act);
  const openId = useStore((store) => store.open?.conversation.id);
  const [asking, setAsking] = useState(false);
  const title = conversation.title === "" ? say("app.untitled") : shown(conversation.title, 120);
  const remove = async (): Promise<void> => {
    setAsking(false);
    const removed = await act.ask("conversation.delete", { conversation: conversation.id });
    if (removed && openId === conversation.id) act.set({ open: undefined, events: [], changes: [], total: 0 });
    await act.refresh("list");
  };
  return (
    <li className={openId === conversation.id ? "row chosen" : "row"}>
      <button type="button" className="row-title" aria-current={openId === conversation.id ? "true" : undefined} onClick={() => void act.openConversation(conversation.id)}>{title}</button>
      <button type="button" className="icon-button row-action" aria-label={`${say("app.delete")}: ${title}`} onClick={() => setAsking(true)}><Trash2 size={14} /></button>
      {asking && (
        <Dialog title={say("app.delete")} onClose={() => setAsking(false)}>
          <p>{say("app.deleteSure")}</p>
          <div className="dialog-actions">
            <button type="button" className="button" onClick={() => setAsking(false)}>{say("app.cancel")}</button>
            <button type="button" className="button danger" onClick={() => void remove()}>{say("app.delete")}</button>
          </div>
        </Dialog>
      )}
    </li>
  );
}

type Group = { key: "app.today" | "app.earlier"; items: Conversation[] };

function groupByDay(conversations: readonly Conversation[], search: string): Group[] {
  const today = new Date().toDateString();
  const wanted = search.trim().toLowerCase();
  const sorted = conversations.filter((one) => one.title.toLowerCase().includes(wanted)).sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  const isToday = (one: Conversation): boolean => new Date(one.updatedAt).toDateString() === today;
  const groups: Group[] = [{ key: "app.today", items: sorted.filter(isToday) }, { key: "app.earlier", items: sorted.filter((one) => !isToday(one)) }];
  return groups.filter((group) => group.items.length > 0);
}
