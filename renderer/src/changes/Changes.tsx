/** What the agent changed, held beside the originals: apply all, some, or none. Nothing is chosen beforehand. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { ApplyReport, StagedChange } from "../../../protocol/change.ts";
import { useStore } from "../state/useStore.ts";
import { countOf } from "../words/shown.ts";
import { useSay } from "../words/words.ts";
import { ChangeRow, changeRowHeight } from "./ChangeRow.tsx";
import { Report } from "./Report.tsx";
import { countKinds, inOrder, sharedFolder } from "./summary.ts";

export function Changes() {
  const say = useSay();
  const staged = useStore((store) => store.changes);
  const running = useStore((store) => store.open?.running ?? false);
  const act = useStore((store) => store.act);
  const id = useStore((store) => store.open?.conversation.id);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [report, setReport] = useState<ApplyReport | undefined>();
  const [busy, setBusy] = useState(false);
  const changes = useMemo(() => inOrder(staged), [staged]);
  const paths = changes.filter((change) => chosen.has(change.path)).map((change) => change.path);
  const doIt = async (verb: "apply" | "discard", some?: string[]): Promise<void> => {
    if (id === undefined) return;
    setBusy(true);
    const done = await act.ask(`changes.${verb}`, { conversation: id, ...(some ? { paths: some } : {}) });
    setReport(verb === "apply" || (done && done.refused.length > 0) ? done : undefined);
    if (done) setChosen(new Set());
    await act.refresh("changes");
    setBusy(false);
  };
  if (changes.length === 0) {
    return <div className="changes">{report && <Report report={report} />}<div className="panel-empty"><strong>{say("changes.none")}</strong><p>{say("changes.noneMore")}</p></div></div>;
  }
  return (
    <div className="changes">
      {report && <Report report={report} />}
      <header className="changes-head">
        <h2>{changes.length === 1 ? say("changes.summaryOne") : say("changes.summary", { count: countOf(changes.length) })}</h2>
        <p className="kinds">{countKinds(changes).map((one) => <span key={one.kind} className={`kind ${one.kind}`}>{countOf(one.count)} {say(`changes.${one.kind}`)}</span>)}</p>
        <label className="choose-all"><input type="checkbox" checked={paths.length === changes.length} onChange={(event) => setChosen(new Set(event.target.checked ? changes.map((change) => change.path) : []))} />{say("changes.chooseAll")}</label>
      </header>
      <ChangeList changes={changes} chosen={chosen} onChoose={setChosen} />
      <footer className="changes-foot">
        <p className="quiet">{say(running ? "changes.working" : "changes.untouched")}</p>
        <div className="buttons">
          <button type="button" className="button" data-testid="discard-chosen" disabled={busy} hidden={paths.length === 0} onClick={() => void doIt("discard", paths)}>{say("changes.discardChosen", { count: paths.length })}</button>
          <button type="button" className="button primary" data-testid="apply-chosen" disabled={busy} hidden={paths.length === 0} onClick={() => void doIt("apply", paths)}>{say("changes.applyChosen", { count: paths.length })}</button>
        </div>
        <div className="buttons">
          <button type="button" className="button" data-testid="discard" disabled={busy} onClick={() => void doIt("discard")}>{say("changes.discard")}</button>
          <button type="button" className={paths.length > 0 ? "button" : "button primary"} data-testid="apply" disabled={busy} onClick={() => void doIt("apply")}>{say("changes.apply")}</button>
        </div>
      </footer>
    </div>
  );
}

interface ListProps {
  changes: readonly StagedChange[];
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}

function ChangeList({ changes, chosen, onChoose }: ListProps) {
  const say = useSay();
  const scroller = useRef<HTMLDivElement>(null);
  const base = useMemo(() => sharedFolder(changes), [changes]);
  const list = useVirtualizer({ count: changes.length, getScrollElement: () => scroller.current, estimateSize: () => changeRowHeight, overscan: 10 });
  const toggle = (path: string): void => {
    const next = new Set(chosen);
    if (!next.delete(path)) next.add(path);
    onChoose(next);
  };
  return (
    <div className="change-scroll" ref={scroller} role="list" aria-label={say("changes.list")}>
      <div className="feed-inner" style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((item) => {
          const change = changes[item.index];
          return change && <ChangeRow key={change.path} change={change} base={base} top={item.start} chosen={chosen.has(change.path)} onToggle={toggle} />;
        })}
      </div>
    </div>
  );
}
