/** Electron: two functions that the preload put there. */
import type { Transport } from "./transport.ts";

export interface Bridge {
  call(frame: unknown): Promise<unknown>;
  subscribe(listener: (push: unknown) => void): () => void;
}

export function findBridge(): Bridge | undefined {
  return (window as Window & { bulkhead?: Bridge }).bulkhead;
}

export function createBridgeTransport(bridge: Bridge): Transport {
  let opened: (state: "open") => void = () => undefined;
  return {
    send: (frame) => bridge.call(frame),
    onPush: (listener) => void bridge.subscribe(listener),
    onConnection: (listener) => (opened = listener),
    connect: () => opened("open"),
  };
}
