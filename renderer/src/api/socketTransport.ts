/** The browser door: a WebSocket opened with the one-time token, and again with the session cookie that the token bought. */
import type { Connection, Transport } from "./transport.ts";

/** Takes the token out of the address at once, so that neither history nor a copied address holds it. */
export function takeToken(): string | undefined {
  const token = location.hash.slice(1);
  if (token === "") return undefined;
  history.replaceState(null, "", location.pathname);
  return /^[A-Za-z0-9_-]{20,}$/.test(token) ? token : undefined;
}

interface Waiting {
  resolve(frame: unknown): void;
  reject(error: Error): void;
}

export function createSocketTransport(first: string | undefined): Transport {
  let token = first;
  let socket: WebSocket | undefined;
  let push: (push: unknown) => void = () => undefined;
  let report: (state: Connection) => void = () => undefined;
  const waiting = new Map<number, Waiting>();
  const receive = (text: string): void => {
    const frame = JSON.parse(text) as { id?: number; push?: string };
    if (frame.push !== undefined) return push(frame);
    if (frame.id === undefined) return;
    waiting.get(frame.id)?.resolve(frame);
    waiting.delete(frame.id);
  };
  const lose = (wasOpen: boolean): void => {
    socket = undefined;
    for (const one of waiting.values()) one.reject(new Error("lost"));
    waiting.clear();
    report(wasOpen ? "lost" : "refused");
  };
  return {
    send(frame) {
      if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("lost"));
      const answer = new Promise<unknown>((resolve, reject) => waiting.set(frame.id, { resolve, reject }));
      socket.send(JSON.stringify(frame));
      return answer;
    },
    onPush: (listener) => (push = listener),
    onConnection: (listener) => (report = listener),
    connect() {
      report("opening");
      const opening = new WebSocket(`ws://${location.host}/wire`, token === undefined ? ["bulkhead"] : ["bulkhead", `token.${token}`]);
      let wasOpen = false;
      token = undefined;
      socket = opening;
      opening.addEventListener("open", () => { wasOpen = true; report("open"); });
      opening.addEventListener("message", (event) => receive(String(event.data)));
      opening.addEventListener("close", () => lose(wasOpen));
    },
  };
}
