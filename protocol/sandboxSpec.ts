/**
 * What one launch may touch. Pure data; a missing member means *none*.
 * There is no value for «no sandbox» and no weaker mode: every launch is confined or does not happen.
 */
import { z } from "zod";

export const folderMountSchema = z.object({
  /** Absolute real path on the host and inside. */
  path: z.string(),
  access: z.enum(["read", "edit"]),
  device: z.string(),
  inode: z.string(),
  /** For `edit`: the overlay's upper and work directories on the host (same file system, 0700, ours). */
  upper: z.string().optional(),
  work: z.string().optional(),
});
export type FolderMount = z.infer<typeof folderMountSchema>;

/** An absent member is the sandbox room's own default (main/sandbox/limits.ts), never «unlimited», but for the two times. */
export const limitsSchema = z.object({
  /** Processes and threads of the whole tree. */
  processes: z.number().int().positive(),
  /** Of each process. */
  openFiles: z.number().int().positive(),
  /** Bytes of each private tmpfs (home, /tmp, /dev/shm). */
  privateBytes: z.number().int().positive(),
  /** Memory of the whole tree together: heap, private areas, memory files, socket buffers. */
  memoryBytes: z.number().int().positive().optional(),
  /** The largest single file, also one in memory. */
  fileBytes: z.number().int().positive().optional(),
  /** All staging layers together: bytes on disk, and how many files. */
  stagingBytes: z.number().int().positive().optional(),
  stagingFiles: z.number().int().positive().optional(),
  /** CPU time of the whole tree in seconds; absent = as much as there is. */
  cpuSeconds: z.number().positive().optional(),
  /** Wall time in seconds, pauses left out; absent = until stopped. */
  seconds: z.number().positive().optional(),
});
export type Limits = z.infer<typeof limitsSchema>;

export const sandboxSpecSchema = z.object({
  /** Program and arguments inside; argv[0] is looked up inside on the sandbox's own PATH. */
  command: z.array(z.string()).min(1),
  folders: z.array(folderMountSchema).default([]),
  /** Extra environment; the base list (PATH, HOME, LANG, TERM …) is the sandbox room's own. */
  environment: z.record(z.string(), z.string()).default({}),
  /** Working directory inside; default: the first folder, else the private home. */
  directory: z.string().optional(),
  /** Host path of the broker's unix socket. Inside, 127.0.0.1:3128 is an HTTP proxy leading there. Always given: no rule means each request is refused and recorded. */
  egressSocket: z.string().optional(),
  /** Host path of the model gateway's unix socket. Inside: http://127.0.0.1:3129 */
  gatewaySocket: z.string().optional(),
  /** Host path of the ACP link's unix socket. Inside: 127.0.0.1:3130 */
  linkSocket: z.string().optional(),
  /** What process 1 says first on each connection to one of these sockets: whoever cannot say it is not served. Nobody else inside can read it. */
  socketToken: z.string().optional(),
  /** Host path of a PEM bundle put in place of the sandbox's trust store (system roots + this conversation's own CA). */
  trustBundle: z.string().optional(),
  /** Bind the Node runtime and the agent bundle read-only at /opt/bulkhead/{node,agent}. */
  withAgent: z.boolean().default(false),
  limits: limitsSchema.default({ processes: 512, openFiles: 4096, privateBytes: 1 << 30 }),
});
export type SandboxSpec = z.infer<typeof sandboxSpecSchema>;
