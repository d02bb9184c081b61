/** A person's settings. */
import { z } from "zod";
import { modelChoiceSchema } from "./conversation.ts";

export const settingsSchema = z.object({
  language: z.enum(["system", "en", "zh-CN"]),
  theme: z.enum(["system", "light", "dark"]),
  model: modelChoiceSchema,
  anthropicBaseUrl: z.url().optional(),
  welcomed: z.boolean(),
});
export type Settings = z.infer<typeof settingsSchema>;
