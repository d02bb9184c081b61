/** All of one event, in words. */
import { X } from "lucide-react";
import type { FeedEvent } from "../../../protocol/event.ts";
import { shown, timeOf } from "../words/shown.ts";
import { useSay, type WordKey } from "../words/words.ts";
import { describe } from "./describe.ts";

const actors: { [K in FeedEvent["actor"]]: WordKey } = { person: "feed.person", agent: "feed.actorAgent", host: "feed.host" };

export function EventDetails({ event, onClose }: { event: FeedEvent; onClose: () => void }) {
  const say = useSay();
  return (
    <section className="details" aria-label={say("feed.details")} data-testid="feed-details">
      <header><strong>{describe(event, say)}</strong><button type="button" className="icon-button" aria-label={say("app.close")} onClick={onClose}><X size={15} /></button></header>
      <dl>
        <dt>{say("feed.evidence")}</dt><dd>{say(event.evidence === "observed" ? "feed.observedMore" : "feed.claimedMore")}</dd>
        {event.reason && <><dt>{say("feed.why")}</dt><dd>{say(`reason.${event.reason}`)}</dd></>}
        <dt>{say("feed.by")}</dt><dd>{say(actors[event.actor])}</dd>
        <dt>{say("feed.when")}</dt><dd>{timeOf(event.at)}</dd>
        {Object.entries(event.detail).map(([name, value]) => <div key={name} className="pair"><dt>{name}</dt><dd>{shown(String(value), 600)}</dd></div>)}
      </dl>
    </section>
  );
}
