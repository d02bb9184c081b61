/** A staged change: what the agent did to one file, held beside the original until a person applies it. */
import { z } from "zod";

export const changeKindSchema = z.enum(["created", "edited", "deleted", "renamed"]);
export type ChangeKind = z.infer<typeof changeKindSchema>;

export const stagedChangeSchema = z.object({
  /** The grant whose staging layer holds it. */
  grant: z.string(),
  /** Absolute path on the host. */
  path: z.string(),
  /** Old absolute path of a renamed file. */
  from: z.string().optional(),
  change: changeKindSchema,
  kind: z.enum(["file", "folder", "link", "special"]),
  /** Size in bytes after the change; 0 for a deletion. */
  bytes: z.number().int().nonnegative(),
  /** Set where the path is protected: it is shown, never applied. The text names the rule. */
  protectedBy: z.string().optional(),
  /** Set where other programs run or obey such a file: it may be applied, and deserves a look first. */
  runs: z.boolean().optional(),
});
export type StagedChange = z.infer<typeof stagedChangeSchema>;

export const applyReportSchema = z.object({
  applied: z.array(z.string()),
  /** Left staged, with the reason in plain words. */
  refused: z.array(z.object({ path: z.string(), reason: z.string() })),
});
export type ApplyReport = z.infer<typeof applyReportSchema>;
