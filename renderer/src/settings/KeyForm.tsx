/** A key goes straight to the keychain; the field forgets it at once, nothing shows it again. */
import { useCallback, useEffect, useState } from "react";
import type { CallOutput } from "../../../protocol/api.ts";
import { useStore } from "../state/useStore.ts";
import { useSay } from "../words/words.ts";
import { keyName } from "./models.ts";

const words = { ready: "settings.keychainReady", absent: "settings.keychainAbsent", locked: "settings.keychainLocked" } as const;

export function KeyForm() {
  const say = useSay();
  const act = useStore((store) => store.act);
  const [value, setValue] = useState("");
  const [state, setState] = useState<CallOutput<"secret.state"> | undefined>();
  const look = useCallback(async (): Promise<void> => setState(await act.ask("secret.state", {})), [act]);
  useEffect(() => void look(), [look]);
  const save = async (): Promise<void> => {
    const key = value.trim();
    setValue("");
    await act.ask("secret.set", { name: keyName, value: key });
    await look();
  };
  const remove = async (): Promise<void> => {
    await act.ask("secret.remove", { name: keyName });
    await look();
  };
  const stored = state?.names.includes(keyName) ?? false;
  return (
    <form className="key-form" onSubmit={(event) => { event.preventDefault(); if (value.trim() !== "") void save(); }}>
      <label className="field"><span>{say("settings.key")}</span>
        <input type="password" data-testid="api-key" autoComplete="off" spellCheck={false} value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
      <button type="submit" className="button primary" data-testid="save-key" disabled={value.trim() === ""}>{say("settings.keySave")}</button>
      {stored && <button type="button" className="button" data-testid="remove-key" onClick={() => void remove()}>{say("settings.keyRemove")}</button>}
      <p className="quiet" role="status">{state && `${say(stored ? "settings.keySaved" : "settings.keyNone")} ${say(words[state.keychain])}`}</p>
    </form>
  );
}
