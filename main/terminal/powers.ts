/** What the command line needs of the rest, handed over by main/app. */
import type { Check } from "../../protocol/api.ts";
import type { ApplyReport, StagedChange } from "../../protocol/change.ts";
import type { Conversation } from "../../protocol/conversation.ts";
import type { FeedEvent } from "../../protocol/event.ts";
import type { Outcome } from "../../protocol/problem.ts";
import type { Proof } from "../../protocol/proof.ts";
import type { Options } from "./parse.ts";

type Reach = Pick<Options, "folders" | "allow" | "env" | "secrets"> & { seconds?: number; memoryBytes?: number; processes?: number; conversation?: string };

export interface Powers {
  feed(): {
    page(query: { conversation?: string; limit: number }): { events: FeedEvent[]; total: number };
    each(query: { conversation?: string }, visit: (event: FeedEvent) => void): void;
    subscribe(listener: (events: FeedEvent[]) => void): () => void;
    verify(conversation?: string): { ok: boolean; message: string };
  };
  sandboxCommand(wish: Reach & { explain: boolean; command: string[] }): Promise<{ code: number; conversation?: string; staged?: number; message?: string; explain?: unknown }>;
  runTask(wish: Reach & { task: string; model?: string; review: "stage" | "apply"; onEvent(event: FeedEvent): void }): Promise<{ code: number; result: { [name: string]: unknown }; message?: string }>;
  doctor(): Promise<Check[]>;
  prove(wish: Pick<Reach, "folders" | "allow" | "conversation">): Promise<Outcome<Proof>>;
  secrets: {
    set(name: string, value: string): Promise<Outcome<void>>;
    list(): Promise<{ state: "ready" | "locked" | "absent"; names: string[] }>;
    remove(name: string): Promise<Outcome<void>>;
  };
  conversations: { list(): Conversation[]; remove(id: string): Promise<Outcome<unknown>> };
  changes: {
    list(conversation: string): Promise<Outcome<StagedChange[]>>;
    act(wish: { conversation: string; verb: "apply" | "discard"; paths?: string[] }): Promise<Outcome<ApplyReport>>;
  };
  openApp(): Promise<number>;
  close(): Promise<void>;
}
