/** Who may speak to the browser door. Pure: a request's headers in, an answer out. Every request is judged, the page's own files too. */

export interface Asked {
  host: string | undefined;
  origin: string | undefined;
  fetchSite: string | undefined;
  method: string | undefined;
}

export type Admission = { ok: true } | { ok: false; status: number; why: string };

const refuse = (status: number, why: string): Admission => ({ ok: false, status, why });

/** A name that merely resolves to loopback (DNS rebinding) carries a foreign Host; another site's page carries a foreign Origin. */
export function admit(asked: Asked, door: { port: number }): Admission {
  const host = `127.0.0.1:${door.port}`;
  if (asked.host !== host) return refuse(421, "This door answers to its own address only.");
  if (asked.origin !== undefined && asked.origin !== `http://${host}`) return refuse(403, "Another site may not speak to Bulkhead.");
  // "none" is a person's own navigation. A page elsewhere cannot forge this header.
  if (asked.fetchSite !== undefined && asked.fetchSite !== "same-origin" && asked.fetchSite !== "none") return refuse(403, "Another site may not speak to Bulkhead.");
  if (asked.method !== "GET" && asked.method !== "HEAD") return refuse(405, "Files are read here, nothing else.");
  return { ok: true };
}

/** A WebSocket must name its origin: a browser always does, and it must be this very page. */
export function admitSocket(asked: Asked, door: { port: number }): Admission {
  if (asked.origin === undefined) return refuse(403, "A page without an origin may not speak to Bulkhead.");
  return admit(asked, door);
}
