/** One call to a model, and what the gateway of a conversation is given. */
import type { Reason, Record } from "../../protocol/event.ts";
import type { Outcome } from "../../protocol/problem.ts";
import type { SocketPlace } from "../base/guardedSocket.ts";

export interface GatewayOptions extends SocketPlace {
  conversation: string;
  turn(): string | undefined;
  /** `practice` or `anthropic/MODEL`; asked at each request. */
  model(): string;
  anthropicBaseUrl(): string;
  lend<T>(name: string, use: (value: string) => T): Outcome<T>;
  record: Record;
}

export interface Call {
  provider: string;
  model: string;
  inputTokens: number;
  outputTokens: number;
  begun: number;
  reason?: Reason;
}
