import { z } from "zod";
import { planEntrySchema, type PlanEntry } from "../../protocol/conversation.ts";
import { defineTool } from "./tool.ts";

const entry = z.union([z.string().transform((content): PlanEntry => ({ content, status: "pending" })), planEntrySchema]);

export const plan = defineTool({
  name: "plan", kind: "think",
  description: "Shows the person your plan. Send all entries each time; status is pending, in_progress or completed.",
  input: z.object({ entries: z.array(entry).min(1).max(50) }) as z.ZodType<{ entries: PlanEntry[] }>,
  title: ({ entries }) => `Plan, ${entries.length} steps`,
  async run({ entries }, { showPlan }) {
    showPlan(entries);
    return "The plan is shown.";
  },
});
