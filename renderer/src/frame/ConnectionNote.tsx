/** Said when the core cannot be reached; what was typed stays. */
import { useStore } from "../state/useStore.ts";
import { useSay } from "../words/words.ts";

export function ConnectionNote() {
  const say = useSay();
  const connection = useStore((store) => store.connection);
  const connect = useStore((store) => store.act.connect);
  if (connection === "open" || connection === "opening") return null;
  return (
    <div className="note" role="alert">
      <p>{say(connection === "lost" ? "app.lost" : "app.usedAddress")}</p>
      <button type="button" className="button" onClick={connect}>{say("app.again")}</button>
    </div>
  );
}
