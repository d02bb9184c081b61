import { expect, test } from "vitest";
import type { Message } from "../../protocol/conversation.ts";
import { ended, settledEvent } from "../../main/turn/ending.ts";

const message: Message = { id: "m", turn: "t", role: "agent", at: "", parts: [{ type: "step", step: { id: "1", tool: "run", title: "sleep", status: "in_progress" } }] };

test("a stopped turn leaves no step that seems to run", () => {
  expect(ended(message, "cancelled")).toMatchObject({ ended: "cancelled", parts: [{ step: { status: "failed" } }] });
});

test("a failure says what happened and what to do, and its reason is from the closed list", () => {
  const problem = { code: "no-containment", message: "It cannot confine.", mend: "bulkhead doctor" } as const;
  const failed = ended(message, problem);
  expect(failed).toMatchObject({ ended: "failed", problem: "It cannot confine. bulkhead doctor" });
  expect(settledEvent({ conversation: "c", turn: "t" }, problem, failed)).toMatchObject({ outcome: "failed", reason: "no-containment" });
});

test("a turn that a limit ended says so", () => {
  const problem = { code: "limit-reached", message: "A limit was reached (memory)." } as const;
  expect(settledEvent({ conversation: "c", turn: "t" }, problem, ended(message, problem))).toMatchObject({ outcome: "failed", reason: "limit" });
});
