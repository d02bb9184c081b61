/** A grant: one folder, one access, one lasting. */
import { z } from "zod";

export const accessSchema = z.enum(["read", "edit"]);
export type Access = z.infer<typeof accessSchema>;

export const lastingSchema = z.enum(["conversation", "always"]);
export type Lasting = z.infer<typeof lastingSchema>;

export const grantSchema = z.object({
  /** Stable id, [a-z0-9]{12}; names the staging layer on disk. */
  id: z.string(),
  /** Absolute, real (links resolved) path of the folder; the same path inside the sandbox. */
  path: z.string(),
  access: accessSchema,
  lasting: lastingSchema,
  /** The folder's identity when it was granted, decimal strings (64-bit). Checked at every use. */
  device: z.string(),
  inode: z.string(),
});
export type Grant = z.infer<typeof grantSchema>;
