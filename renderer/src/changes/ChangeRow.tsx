/** One staged change. */
import { FilePen, FilePlus, FileSymlink, FileX, Lock } from "lucide-react";
import type { StagedChange } from "../../../protocol/change.ts";
import { nameOf, shown, sizeOf } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

export const changeRowHeight = 52;
const icons = { created: FilePlus, edited: FilePen, deleted: FileX, renamed: FileSymlink };

interface RowProps {
  change: StagedChange;
  /** The folder that all changes share. */
  base: string;
  top: number;
  chosen: boolean;
  onToggle: (path: string) => void;
}

export function ChangeRow({ change, base, top, chosen, onToggle }: RowProps) {
  const say = useSay();
  const Icon = icons[change.change];
  const below = change.path.startsWith(`${base}/`) ? change.path.slice(base.length + 1) : change.path;
  const folder = below.slice(0, Math.max(0, below.lastIndexOf("/")));
  const more = change.protectedBy ? say("changes.protected")
    : [say(`changes.${change.change}`), change.from ? say("changes.from", { name: shown(nameOf(change.from), 60) }) : "", change.change === "deleted" ? "" : sizeOf(change.bytes), change.runs ? say("changes.runs") : "", shown(folder, 60)].filter((part) => part !== "").join(" · ");
  return (
    <div className="feed-place" role="listitem" style={{ transform: `translateY(${top}px)` }}>
      <label className={`change-row ${change.change}`} data-testid="change-row" title={shown(change.protectedBy ?? change.path, 400)}>
        <input type="checkbox" data-testid="change-check" checked={chosen} aria-label={say("changes.choose", { name: nameOf(change.path) })} onChange={() => onToggle(change.path)} />
        {change.protectedBy ? <Lock size={16} aria-hidden /> : <Icon size={16} aria-hidden />}
        <span className="change-name">{shown(nameOf(change.path), 90)}</span>
        <span className="change-more">{more}</span>
      </label>
    </div>
  );
}
