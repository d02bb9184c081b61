/** The live feed: rows of one height, only those in view exist. Newest last; older ones come as they are scrolled to. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { FeedEvent } from "../../../protocol/event.ts";
import { useStore } from "../state/useStore.ts";
import { countOf } from "../words/shown.ts";
import { useSay, type Say } from "../words/words.ts";
import { describe, fits, type Filter } from "./describe.ts";
import { EventDetails } from "./EventDetails.tsx";
import { FeedRow, rowHeight } from "./FeedRow.tsx";
import { useMarks } from "./useActivity.ts";

const filters: readonly Filter[] = ["all", "files", "network", "agent", "refused"];

export function Feed() {
  const say = useSay();
  const events = useStore((store) => store.events);
  const total = useStore((store) => store.total);
  const [filter, setFilter] = useState<Filter>("all");
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<FeedEvent | undefined>();
  const rows = useMemo(() => pick(events, { filter, text, say }), [events, filter, text, say]);
  return (
    <div className="feed">
      <div className="feed-tools">
        <div className="filters" role="group" aria-label={say("feed.list")}>
          {filters.map((name) => <button key={name} type="button" aria-pressed={filter === name} data-testid={`filter-${name}`} onClick={() => setFilter(name)}>{say(`feed.${name}`)}</button>)}
        </div>
        <input type="search" className="feed-search" value={text} placeholder={say("feed.search")} aria-label={say("feed.search")} onChange={(event) => setText(event.target.value)} />
      </div>
      {rows.length === 0 ? <p className="panel-empty">{say(events.length === 0 ? "feed.empty" : "feed.emptyFilter")}</p> : <Rows rows={rows} chosen={chosen} onChoose={setChosen} />}
      {chosen && <EventDetails event={chosen} onClose={() => setChosen(undefined)} />}
      <footer className="feed-foot" title={say("feed.legend")}><span>{say("feed.count", { count: countOf(total) })}</span><span className="legend"><i className="mark observed" />{say("feed.observed")}<i className="mark claimed" />{say("feed.claimed")}</span></footer>
    </div>
  );
}

function pick(events: readonly FeedEvent[], by: { filter: Filter; text: string; say: Say }): readonly FeedEvent[] {
  const wanted = by.text.trim().toLowerCase();
  if (by.filter === "all" && wanted === "") return events;
  return events.filter((event) => fits(event, by.filter) && (wanted === "" || describe(event, by.say).toLowerCase().includes(wanted) || JSON.stringify(event.detail).toLowerCase().includes(wanted)));
}

interface RowsProps {
  rows: readonly FeedEvent[];
  chosen: FeedEvent | undefined;
  onChoose: (event: FeedEvent) => void;
}

function Rows({ rows, chosen, onChoose }: RowsProps) {
  const say = useSay();
  const markOf = useMarks(useStore((store) => store.events));
  const loadOlder = useStore((store) => store.act.loadOlder);
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const loading = useRef(false);
  const list = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12, getItemKey: (index) => rows[index]?.seq ?? index });
  const first = rows[0]?.seq ?? 0;
  const held = useRef({ first, count: rows.length });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    // Older rows came in above: what was in view stays in view.
    const grown = first < held.current.first ? rows.length - held.current.count : 0;
    held.current = { first, count: rows.length };
    if (grown > 0 && !following) element.scrollTop += grown * rowHeight;
    else if (following) element.scrollTop = element.scrollHeight;
  }, [rows, first, following]);
  const watch = (): void => {
    const element = scroller.current;
    if (!element) return;
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight);
    if (element.scrollTop > 40 * rowHeight || loading.current) return;
    loading.current = true;
    void loadOlder().finally(() => (loading.current = false));
  };
  return (
    <div className="feed-list">
      <div className="feed-scroll" ref={scroller} onScroll={watch} tabIndex={0} role="list" aria-label={say("feed.list")}>
        <div className="feed-inner" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const event = rows[item.index];
            return event && <FeedRow key={item.key} event={event} mark={markOf(event)} top={item.start} chosen={chosen?.seq === event.seq} onChoose={onChoose} />;
          })}
        </div>
      </div>
      {!following && <button type="button" className="newest" onClick={() => setFollowing(true)}><ArrowDown size={14} aria-hidden />{say("feed.newest")}</button>}
    </div>
  );
}
