/** The host's folders, for doors without the system's own dialog. */
import { ChevronUp, Folder } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import type { CallOutput } from "../../../protocol/api.ts";
import { useStore } from "../state/useStore.ts";
import { shown } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

export function FolderPicker({ onChoose, onClose }: { onChoose: (path: string) => void; onClose: () => void }) {
  const say = useSay();
  const act = useStore((store) => store.act);
  const [place, setPlace] = useState<CallOutput<"folder.browse"> | undefined>();
  const [path, setPath] = useState("");
  const go = useCallback(async (to?: string): Promise<void> => {
    const browsed = await act.call("folder.browse", to === undefined ? {} : { path: to });
    if (!browsed.ok) return;
    setPlace(browsed.value);
    // What was typed meanwhile stays.
    setPath((typed) => (to === undefined && typed !== "" ? typed : browsed.value.path));
  }, [act]);
  useEffect(() => void go(), [go]);
  const folders = place?.entries.filter((entry) => entry.folder) ?? [];
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (path.trim() !== "") onChoose(path.trim()); }}>
      <div className="picker-line">
        <button type="button" className="icon-button" aria-label={say("folder.up")} disabled={place?.parent === undefined} onClick={() => void go(place?.parent)}><ChevronUp size={16} /></button>
        <input data-testid="folder-path" aria-label={say("folder.path")} value={path} spellCheck={false} onChange={(event) => setPath(event.target.value)} />
      </div>
      <ul className="picker">
        {folders.map((entry) => (
          <li key={entry.path}><button type="button" onClick={() => void go(entry.path)}><Folder size={15} aria-hidden />{shown(entry.name, 80)}</button></li>
        ))}
        {place && folders.length === 0 && <li className="quiet">{say("folder.none")}</li>}
      </ul>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>{say("app.cancel")}</button>
        <button type="submit" className="button primary" data-testid="folder-choose" disabled={path.trim() === ""}>{say("folder.choose")}</button>
      </div>
    </form>
  );
}
