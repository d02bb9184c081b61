/** The state of containment, in words, always on screen. */
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { useStore } from "../state/useStore.ts";
import { useSay } from "../words/words.ts";

export function Containment() {
  const say = useSay();
  const open = useStore((store) => store.open);
  const state = open?.containment.state ?? "ready";
  const bare = open === undefined || (open.conversation.grants.length === 0 && open.conversation.sites.length === 0);
  const words = state === "ready" && bare ? say("containment.none") : state === "contained" || open?.running ? say("containment.contained") : say(`containment.${state}`);
  return (
    <div className={`containment ${state}`} data-testid="containment" role="status" title={open?.containment.message}>
      {state === "impossible" ? <ShieldAlert size={15} aria-hidden /> : <ShieldCheck size={15} aria-hidden />}
      <span>{state === "impossible" ? say("containment.impossible") : words}</span>
    </div>
  );
}
