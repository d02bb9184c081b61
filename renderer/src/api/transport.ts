/** A way to the core: Electron's bridge or a WebSocket. Frames as in protocol/api.ts. */
import type { CallName } from "../../../protocol/api.ts";

export interface Frame {
  id: number;
  call: CallName;
  input: unknown;
}

export type Connection = "opening" | "open" | "lost" | "refused";

export interface Transport {
  /** Resolves with the answer's frame; rejects where the connection is lost before it comes. */
  send(frame: Frame): Promise<unknown>;
  onPush(listener: (push: unknown) => void): void;
  onConnection(listener: (state: Connection) => void): void;
  connect(): void;
}
