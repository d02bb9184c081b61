/** What happened at an apply: counts, and each thing left with its reason. */
import type { ApplyReport } from "../../../protocol/change.ts";
import { countOf, nameOf, shown } from "../words/shown.ts";
import { useSay } from "../words/words.ts";

export function Report({ report }: { report: ApplyReport }) {
  const say = useSay();
  return (
    <div className="report" role="status">
      <strong>{say("changes.applied", { count: countOf(report.applied.length) })}{report.refused.length > 0 && ` · ${say("changes.left", { count: countOf(report.refused.length) })}`}</strong>
      {report.refused.length > 0 && <ul>{report.refused.slice(0, 50).map((one) => <li key={one.path}><strong>{shown(nameOf(one.path), 60)}</strong>: {shown(one.reason)}</li>)}</ul>}
    </div>
  );
}
