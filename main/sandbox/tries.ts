/** What the doctor really tries: one confined program, and a folder whose changes are staged where Bulkhead's data lie. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LimitTier } from "../../protocol/event.ts";
import { done, failed, type Outcome } from "../../protocol/problem.ts";
import { sandboxSpecSchema, type SandboxSpec } from "../../protocol/sandboxSpec.ts";

/** What a try needs to know of a launch. */
interface Tried { limits: LimitTier; exited: Promise<{ code: number | null; signal?: string }> }
type Launch = (spec: SandboxSpec, io: { kind: "piped" }) => Promise<Outcome<Tried>>;

export function tryLaunch(launch: Launch): Promise<Outcome<Pick<Tried, "limits">>> {
  return tryOnce(launch, sandboxSpecSchema.parse({ command: ["true"] }));
}

async function tryOnce(launch: Launch, spec: SandboxSpec): Promise<Outcome<Pick<Tried, "limits">>> {
  const tried = await launch(spec, { kind: "piped" });
  if (!tried.ok) return tried;
  const end = await tried.value.exited;
  return end.code === 0 ? done({ limits: tried.value.limits }) : failed("no-containment", `A confined program ended with ${end.signal ?? end.code}.`);
}

/** A folder replaced by one of the same name must hide what was in it: that takes user attributes, which a mere write does not. */
const script = "echo new > new && mv new moved && rm -r old && mkdir old && touch old/new && [ \"$(ls old)\" = new ]";

export async function tryStaging(launch: Launch, directory: string): Promise<Outcome<unknown>> {
  let place: string;
  try {
    place = mkdtempSync(join(directory, "try-"));
  } catch (error) {
    return failed("not-found", `Nothing can be written to ${directory} (${error instanceof Error && "code" in error ? String(error.code) : "unknown"}).`);
  }
  try {
    const [path, upper, work] = ["folder", "upper", "work"].map((name) => join(place, name)) as [string, string, string];
    for (const made of [path, join(path, "old"), upper, work]) mkdirSync(made, { mode: 0o700 });
    writeFileSync(join(path, "old/file"), "");
    const { dev, ino } = statSync(path, { bigint: true });
    const folder = { path, access: "edit" as const, device: String(dev), inode: String(ino), upper, work };
    return await tryOnce(launch, sandboxSpecSchema.parse({ command: ["sh", "-c", script], folders: [folder] }));
  } finally {
    // The kernel leaves its own directory there without any right: only root removes that as it is.
    const kernels = join(place, "work/work");
    if (existsSync(kernels)) chmodSync(kernels, 0o700);
    rmSync(place, { recursive: true, force: true });
  }
}
