/** The right side: activity, changes, reach. */
import { useRef } from "react";
import { Changes } from "../changes/Changes.tsx";
import { Feed } from "../feed/Feed.tsx";
import { Reach } from "../reach/Reach.tsx";
import type { Tab } from "../state/state.ts";
import { useStore } from "../state/useStore.ts";
import { countOf } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

const tabs: readonly Tab[] = ["activity", "changes", "reach"];

export function Panel() {
  const say = useSay();
  const tab = useStore((store) => store.tab);
  const set = useStore((store) => store.act.set);
  const staged = useStore((store) => store.changes.length);
  const bar = useRef<HTMLDivElement>(null);
  const move = (by: number): void => {
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length] ?? "activity";
    set({ tab: next });
    bar.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <aside className="panel" aria-label={say("app.panel")}>
      <div className="tabs" role="tablist" ref={bar} onKeyDown={(event) => { if (event.key === "ArrowRight") move(1); if (event.key === "ArrowLeft") move(-1); }}>
        {tabs.map((name) => (
          <button key={name} id={`tab-${name}`} type="button" role="tab" aria-selected={tab === name} aria-controls="panel-body" tabIndex={tab === name ? 0 : -1} data-testid={`tab-${name}`} onClick={() => set({ tab: name })}>
            {say(`tab.${name}`)}{name === "changes" && staged > 0 && <span className="badge">{countOf(staged)}</span>}
          </button>
        ))}
      </div>
      <div className="panel-body" id="panel-body" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === "activity" ? <Feed /> : tab === "changes" ? <Changes /> : <Reach />}
      </div>
    </aside>
  );
}
