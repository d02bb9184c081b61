/** Handing over a folder: pick it, then one card with what is known and what is allowed. */
import { useState } from "react";
import { Dialog } from "../frame/Dialog.tsx";
import { useSay } from "../words/words.ts";
import { FolderCard } from "./FolderCard.tsx";
import { FolderPicker } from "./FolderPicker.tsx";

export function FolderDialog({ path, onClose }: { path?: string; onClose: () => void }) {
  const say = useSay();
  const [chosen, setChosen] = useState(path);
  return (
    <Dialog title={say(chosen === undefined ? "folder.title" : "folder.cardTitle")} onClose={onClose}>
      {chosen === undefined
        ? <FolderPicker onChoose={setChosen} onClose={onClose} />
        : <FolderCard path={chosen} onClose={onClose} onAnother={() => setChosen(undefined)} />}
    </Dialog>
  );
}
