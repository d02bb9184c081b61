/** One of the known models, or the one that is set. */
import { useSay } from "../words/words.ts";
import { models } from "./models.ts";

export function ModelSelect({ testId, value, onChange }: { testId: string; value: string; onChange: (model: string) => void }) {
  const say = useSay();
  const known = models.some((model) => model.id === value);
  return (
    <select data-testid={testId} value={value} onChange={(event) => onChange(event.target.value)}>
      {models.map((model) => <option key={model.id} value={model.id}>{model.name ?? say("settings.modelPractice")}</option>)}
      {!known && <option value={value}>{value}</option>}
    </select>
  );
}
