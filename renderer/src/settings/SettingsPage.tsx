/** Settings: model and key, language, appearance. Each choice holds at once. */
import { X } from "lucide-react";
import type { CallInput } from "../../../protocol/api.ts";
import { SelfTests } from "../reach/Reach.tsx";
import { useStore } from "../state/useStore.ts";
import { useSay } from "../words/words.ts";
import { KeyForm } from "./KeyForm.tsx";
import { ModelSelect } from "./ModelSelect.tsx";

const languages = ["system", "en", "zh-CN"] as const;
const themes = ["system", "light", "dark"] as const;
const languageNames = { en: "English", "zh-CN": "简体中文" } as const;

export function SettingsPage() {
  const say = useSay();
  const act = useStore((store) => store.act);
  const settings = useStore((store) => store.settings);
  const change = async (wish: CallInput<"settings.set">): Promise<void> => {
    const next = await act.ask("settings.set", wish);
    if (next) act.set({ settings: next });
  };
  if (!settings) return <main className="settings" />;
  return (
    <main className="settings">
      <header><h1>{say("settings.title")}</h1><button type="button" className="icon-button" aria-label={say("app.close")} onClick={() => act.set({ page: "conversation" })}><X size={18} /></button></header>
      <section className="card">
        <h2>{say("settings.general")}</h2>
        <label className="setting"><span>{say("settings.language")}</span>
          <select data-testid="language" value={settings.language} onChange={(event) => void change({ language: languages.find((one) => one === event.target.value) ?? "system" })}>
            {languages.map((one) => <option key={one} value={one}>{one === "system" ? say("settings.system") : languageNames[one]}</option>)}
          </select>
        </label>
        <label className="setting"><span>{say("settings.theme")}</span>
          <select data-testid="theme" value={settings.theme} onChange={(event) => void change({ theme: themes.find((one) => one === event.target.value) ?? "system" })}>
            {themes.map((one) => <option key={one} value={one}>{say(`settings.${one}`)}</option>)}
          </select>
        </label>
      </section>
      <section className="card">
        <h2>{say("reach.model")}</h2>
        <label className="setting"><span>{say("settings.model")}</span><ModelSelect testId="model-select" value={settings.model} onChange={(model) => void change({ model })} /></label>
        <ModelHere />
        <KeyForm />
      </section>
      <section className="card"><h2>{say("reach.proof")}</h2><SelfTests /></section>
    </main>
  );
}

function ModelHere() {
  const say = useSay();
  const act = useStore((store) => store.act);
  const conversation = useStore((store) => store.open?.conversation);
  if (!conversation) return null;
  const change = async (model: string): Promise<void> => {
    await act.ask("conversation.setModel", { conversation: conversation.id, model });
    await act.refresh("conversation");
  };
  return <label className="setting"><span>{say("settings.modelHere")}</span><ModelSelect testId="model-here" value={conversation.model} onChange={(model) => void change(model)} /></label>;
}
