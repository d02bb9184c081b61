/** The desk's chips: folders with their access, sites; each with its way back. A folder's path may be dropped here. */
import { Folder, Globe, Pencil, Plus, X } from "lucide-react";
import { useState, type DragEvent } from "react";
import { useStore } from "../state/useStore.ts";
import { nameOf, shown } from "../words/shown.ts";
import { useSay } from "../words/words.ts";
import { FolderDialog } from "./FolderDialog.tsx";
import { SiteDialog } from "./SiteDialog.tsx";

/** The first absolute path of a drop: file managers hand over file:// lines, people drag text. */
export function droppedPath(data: string): string | undefined {
  const line = data.split(/\r?\n/).find((one) => one !== "" && !one.startsWith("#"))?.trim();
  if (line?.startsWith("/")) return line;
  if (!line?.startsWith("file:///")) return undefined;
  try {
    return decodeURIComponent(new URL(line).pathname);
  } catch {
    // Not an address: nothing was dropped that we know.
    return undefined;
  }
}

export function Desk() {
  const say = useSay();
  const act = useStore((store) => store.act);
  const conversation = useStore((store) => store.open?.conversation);
  const [adding, setAdding] = useState<{ path?: string } | undefined>();
  const [site, setSite] = useState(false);
  const [over, setOver] = useState(false);
  const add = async (): Promise<void> => {
    const picked = await act.call("folder.pick", {});
    if (picked.ok && !picked.value.browse) return picked.value.path === undefined ? undefined : setAdding({ path: picked.value.path });
    setAdding({});
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const path = droppedPath(event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain"));
    if (path !== undefined) setAdding({ path });
  };
  return (
    <div className={over ? "desk over" : "desk"} aria-label={say("desk.title")} role="group" onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={drop}>
      <Grants />
      {conversation?.sites.map((rule) => (
        <span className="chip" key={rule}>
          <Globe size={14} aria-hidden /><span className="chip-name">{shown(rule, 60)}</span>
          <button type="button" aria-label={say("desk.siteRemove", { name: rule })} onClick={() => void act.ask("site.remove", { conversation: conversation.id, rule }).then(() => act.refresh("conversation"))}><X size={13} /></button>
        </span>
      ))}
      <button type="button" className="chip-add" data-testid="add-folder" onClick={() => void add()}><Plus size={14} aria-hidden />{say("desk.addFolder")}</button>
      <button type="button" className="chip-add" data-testid="add-site" onClick={() => setSite(true)}><Plus size={14} aria-hidden />{say("desk.addSite")}</button>
      {adding && <FolderDialog {...(adding.path === undefined ? {} : { path: adding.path })} onClose={() => setAdding(undefined)} />}
      {site && <SiteDialog onClose={() => setSite(false)} />}
    </div>
  );
}

function Grants() {
  const say = useSay();
  const act = useStore((store) => store.act);
  const conversation = useStore((store) => store.open?.conversation);
  if (!conversation) return null;
  const revoke = async (grant: string): Promise<void> => {
    await act.ask("grant.revoke", { conversation: conversation.id, grant });
    await Promise.all([act.refresh("conversation"), act.refresh("changes")]);
  };
  return conversation.grants.map((grant) => (
    <span className="chip" key={grant.id} title={shown(grant.path)} data-testid="chip-folder">
      {grant.access === "edit" ? <Pencil size={13} aria-hidden /> : <Folder size={14} aria-hidden />}
      <span className="chip-name">{shown(nameOf(grant.path), 40)}</span><span className="chip-access">{say(`desk.${grant.access}`)}</span>
      <button type="button" aria-label={say("desk.remove", { name: nameOf(grant.path) })} onClick={() => void revoke(grant.id)}><X size={13} /></button>
    </span>
  ));
}
