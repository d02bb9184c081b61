/** Typed calls over whichever transport there is. Answers are parsed: the page trusts no frame's shape. */
import { z } from "zod";
import { calls, pushSchema, type CallInput, type CallName, type CallOutput, type Push } from "../../../protocol/api.ts";
import { problemSchema, type Outcome } from "../../../protocol/problem.ts";
import { createBridgeTransport, findBridge } from "./bridgeTransport.ts";
import { createSocketTransport, takeToken } from "./socketTransport.ts";
import type { Transport } from "./transport.ts";

// The page's policy allows no compiled code.
z.config({ jitless: true });

const answerSchema = z.object({ output: z.unknown().optional(), problem: problemSchema.optional() });

export interface Client {
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<Outcome<CallOutput<N>>>;
  onPush(listener: (push: Push) => void): void;
  transport: Transport;
}

export function createClient(transport: Transport): Client {
  let last = 0;
  return {
    transport,
    async call<N extends CallName>(name: N, input: CallInput<N>): Promise<Outcome<CallOutput<N>>> {
      try {
        const answer = answerSchema.parse(await transport.send({ id: ++last, call: name, input }));
        if (answer.problem) return { ok: false, problem: answer.problem };
        return { ok: true, value: calls[name].output.parse(answer.output) as CallOutput<N> };
      } catch (error) {
        // Lost on the way, or an answer of another version: said, never thrown into the page.
        return { ok: false, problem: { code: "internal", message: error instanceof Error && error.message !== "lost" ? "Bulkhead answered something unexpected." : "The connection to Bulkhead was lost." } };
      }
    },
    onPush(listener) {
      transport.onPush((push) => {
        const parsed = pushSchema.safeParse(push);
        if (parsed.success) listener(parsed.data);
      });
    },
  };
}

export function openClient(): Client {
  const bridge = findBridge();
  return createClient(bridge ? createBridgeTransport(bridge) : createSocketTransport(takeToken()));
}
