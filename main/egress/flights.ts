/** What is open towards outside right now. A rule taken back cuts it within half a second; nothing outlives the broker. */
import type { Reason } from "../../protocol/event.ts";

export interface Flight { host: string; port: number; cut(reason: Reason): void }
export type Flights = Set<Flight>;

const everyMs = 500;

/** `allowed` decides anew; returns the closer, which cuts what is left. */
export function watchFlights(flights: Flights, allowed: (flight: Flight) => boolean): () => void {
  const timer = setInterval(() => {
    for (const flight of flights) if (!allowed(flight)) flight.cut("no-rule");
  }, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    for (const flight of flights) flight.cut("interrupted");
  };
}
