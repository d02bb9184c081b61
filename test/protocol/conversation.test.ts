import { expect, test } from "vitest";
import { applyUpdate, type Message } from "../../protocol/conversation.ts";

const empty: Message = { id: "m", turn: "t", role: "agent", at: "", parts: [] };

test("text grows, a step is updated by its id, a plan is replaced", () => {
  const step = { id: "1", tool: "list", title: "list", status: "in_progress" } as const;
  const updates = [
    { type: "plan", entries: [{ content: "list", status: "pending" }] },
    { type: "text", text: "Hel" }, { type: "text", text: "lo" },
    { type: "step", step }, { type: "step", step: { ...step, status: "completed", output: "a" } },
    { type: "plan", entries: [{ content: "list", status: "completed" }] },
  ] as const;
  expect(updates.reduce((message: Message, update) => applyUpdate(message, structuredClone(update) as never), empty).parts).toEqual([
    { type: "plan", entries: [{ content: "list", status: "completed" }] },
    { type: "text", text: "Hello" },
    { type: "step", step: { ...step, status: "completed", output: "a" } },
  ]);
});
