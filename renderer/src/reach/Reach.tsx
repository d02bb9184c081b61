/** What the agent can read, change and contact right now, and what it cannot, with the machine's own proof. */
import { Check, FileLock, Globe, Pencil, ShieldCheck, ShieldX, Sparkles, X } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { Check as SelfTest } from "../../../protocol/api.ts";
import { useStore } from "../state/useStore.ts";
import { shown } from "../words/shown.ts";
import { useSay, type WordKey } from "../words/words.ts";
import { Proof } from "./Proof.tsx";

const never: readonly WordKey[] = ["reach.home", "reach.keys", "reach.apps", "reach.net", "reach.system"];

export function Reach() {
  const say = useSay();
  const conversation = useStore((store) => store.open?.conversation);
  const wished = useStore((store) => store.settings?.model);
  const grants = conversation?.grants ?? [];
  const model = conversation?.model ?? wished ?? "practice";
  const edits = grants.filter((grant) => grant.access === "edit");
  return (
    <div className="reach">
      <section>
        <h2>{say("reach.can")}</h2>
        <Line icon={<FileLock size={15} aria-hidden />} title={say("reach.read")} items={grants.map((grant) => shown(grant.path))} none={say("reach.noFolder")} />
        <Line icon={<Pencil size={15} aria-hidden />} title={say("reach.change")} items={edits.map((grant) => shown(grant.path))} none={say("reach.noFolder")} />
        <Line icon={<Globe size={15} aria-hidden />} title={say("reach.contact")} items={conversation?.sites.map((site) => shown(site)) ?? []} none={say("reach.noSite")} />
        <Line icon={<Sparkles size={15} aria-hidden />} title={say("reach.model")} items={[model === "practice" ? say("reach.practice") : `${shown(model)} · ${say("reach.modelOut")}`]} none="" />
      </section>
      <section>
        <h2>{say("reach.cannot")}</h2>
        <ul className="never">{never.map((key) => <li key={key}><X size={14} aria-hidden />{say(key)}</li>)}</ul>
      </section>
      <section>
        <h2>{say("reach.proof")}</h2>
        <SelfTests />
        <Proof />
      </section>
    </div>
  );
}

function Line({ icon, title, items, none }: { icon: ReactNode; title: string; items: string[]; none: string }) {
  return (
    <div className="reach-line">
      {icon}
      <div><strong>{title}</strong>{items.length === 0 ? <p className="quiet">{none}</p> : items.map((item) => <p key={item}>{item}</p>)}</div>
    </div>
  );
}

export function SelfTests({ atOnce = false }: { atOnce?: boolean }) {
  const say = useSay();
  const act = useStore((store) => store.act);
  const [tests, setTests] = useState<readonly SelfTest[] | undefined>();
  const [busy, setBusy] = useState(false);
  const run = useCallback(async (): Promise<void> => {
    setBusy(true);
    setTests(await act.ask("doctor.run", {}));
    setBusy(false);
  }, [act]);
  useEffect(() => {
    if (atOnce) void run();
  }, [atOnce, run]);
  return (
    <>
      {tests && (
        <ul className="tests" role="status">
          {tests.map((test) => (
            <li key={test.name}>
              {test.ok ? <ShieldCheck size={15} className="good" aria-hidden /> : <ShieldX size={15} aria-hidden />}
              <div><strong>{shown(test.name, 80)}</strong> <span className="quiet">{say(test.ok ? "reach.ok" : "reach.notOk")}</span><p className="quiet">{shown(test.why, 400)}</p>{test.mend && <p className="quiet">{say("reach.mend", { mend: shown(test.mend, 300) })}</p>}</div>
            </li>
          ))}
        </ul>
      )}
      <button type="button" className="button" disabled={busy} onClick={() => void run()}>{busy ? say("reach.testing") : <><Check size={14} aria-hidden />{say("reach.test")}</>}</button>
    </>
  );
}
