/** The window: conversations, conversation, panel. */
import { useEffect } from "react";
import { Chat } from "../chat/Chat.tsx";
import { useStop } from "../chat/useStop.ts";
import { SettingsPage } from "../settings/SettingsPage.tsx";
import { useStore } from "../state/useStore.ts";
import { Welcome } from "../welcome/Welcome.tsx";
import { applyLanguage, useSay } from "../words/words.ts";
import { ConnectionNote } from "./ConnectionNote.tsx";
import { Panel } from "./Panel.tsx";
import { ProblemNote } from "./ProblemNote.tsx";
import { Sidebar } from "./Sidebar.tsx";

export function App() {
  const say = useSay();
  const page = useStore((store) => store.page);
  const settings = useStore((store) => store.settings);
  const running = useStore((store) => store.open?.running ?? false);
  useStop();
  useEffect(() => {
    if (!settings) return;
    applyLanguage(settings.language);
    document.documentElement.dataset["theme"] = settings.theme;
  }, [settings]);
  useEffect(() => {
    document.title = running ? `${say("app.waiting")} · Bulkhead` : "Bulkhead";
  }, [running, say]);
  if (page === "welcome") return <><Welcome /><ProblemNote /><ConnectionNote /></>;
  return (
    <div className="window">
      <a className="skip" href="#composer" onClick={(event) => { event.preventDefault(); document.getElementById("composer")?.focus(); }}>{say("app.skip")}</a>
      <Sidebar />
      {page === "settings" ? <SettingsPage /> : <><Chat /><Panel /></>}
      <ProblemNote />
      <ConnectionNote />
    </div>
  );
}
