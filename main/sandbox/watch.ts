/**
 * The host's own look at a running sandbox, at most every 100 ms and sooner where a limit is near: memory, processes, CPU time and staging
 * layer. It reports what is reached; the guard decides what is done. With a control group the kernel holds memory and processes, and this only
 * sees that it had to. The watch goes on while the sandbox is paused.
 */
import type { Group } from "./group.ts";
import { reach, type Bounds, type Reached } from "./limits.ts";
import { cpuSeconds, openFilesOf, openMemoryMeter, readAreas, readHidden, readTree, type Member } from "./measure.ts";
import { openStagingMeter } from "./staging.ts";

const everyMs = 100;
const soonestMs = 5;
/** More than two processors fill with fresh pages, and more than a disk takes. */
const bytesPerMs = 4e6;
/** So long at the limit on processes is no accident. */
const stormMs = 1000;

export interface Watched {
  init: number;
  bounds: Bounds;
  group: Group | undefined;
  layers: string[];
  /** Something must be done. May be called again while it is being done. */
  onReached(reached: Reached): void;
  /** The kernel gave no more; the sandbox goes on. Called once per limit. */
  onRefused(reached: Reached): void;
  /** Holds the tree still while its staging layer is measured. */
  still<T>(act: () => Promise<T>): Promise<T>;
  /** How many times the staging layer's limit may be used. */
  allowance(): number;
  log(message: string, cause?: unknown): void;
}

export function startWatch(watched: Watched): () => void {
  const closers = [repeat(lookAtTree(watched), watched.log, Math.min(everyMs, soon(watched.bounds.memoryBytes)))];
  const staging = lookAtStaging(watched);
  if (staging) closers.push(repeat(staging, watched.log, everyMs));
  return () => closers.forEach((close) => close());
}

/** Calls `look` again and again; what it resolves with is the pause until the next one. A look never takes more than a third of the time. */
function repeat(look: () => number | Promise<number>, log: Watched["log"], firstMs: number): () => void {
  let open = true;
  let timer: NodeJS.Timeout;
  const turn = async (): Promise<void> => {
    const begun = performance.now();
    let next = everyMs;
    try {
      next = await look();
    } catch (error) {
      log("the watch over the limits", error);
    }
    if (open) timer = setTimeout(() => void turn(), Math.max(next, 2 * (performance.now() - begun)));
  };
  timer = setTimeout(() => void turn(), firstMs);
  return () => {
    open = false;
    clearTimeout(timer);
  };
}

const soon = (room: number): number => Math.min(everyMs, Math.max(soonestMs, room / bytesPerMs));

interface Seen { refused: number; fullSince: number | undefined; slowLook: number; told: Set<string> }

function lookAtTree(watched: Watched): () => number {
  const { init, bounds, group } = watched;
  const meter = openMemoryMeter(init);
  const seen: Seen = { refused: 0, fullSince: undefined, slowLook: 0, told: new Set() };
  return () => {
    const slow = performance.now() - seen.slowLook > 1000;
    if (slow) seen.slowLook = performance.now();
    // Until the whole tree is in its group the group's figures say nothing.
    const grouped = group?.held() === true;
    const members = grouped && !slow ? [] : readTree(init, bounds.processes);
    if (slow) lookAtRefusals(watched, members, seen);
    if (group && grouped) {
      const usage = group.usage();
      if (usage.outOfMemory > 0) watched.onReached(reach("memory", usage.memory, bounds.memoryBytes));
      lookAtProcesses(watched, seen, { count: usage.processes - 1, refused: usage.refused });
      lookAtTime(watched, usage.cpuSeconds);
      return everyMs;
    }
    // Processes first: a storm takes memory too, and it is the storm that the person is told of.
    lookAtProcesses(watched, seen, { count: members.reduce((sum, member) => sum + member.threads, 0) - 1, refused: 0 });
    const used = meter.used(members, readAreas(init), bounds.memoryBytes);
    if (used > bounds.memoryBytes) watched.onReached(reach("memory", used, bounds.memoryBytes));
    if (bounds.cpuSeconds !== undefined) lookAtTime(watched, cpuSeconds(members));
    return soon(bounds.memoryBytes - used);
  };
}

function lookAtTime({ bounds, onReached }: Watched, used: number): void {
  if (bounds.cpuSeconds !== undefined && used >= bounds.cpuSeconds) onReached(reach("cpu-time", used, bounds.cpuSeconds));
}

/** The kernel refuses what is above the limit; a storm that stays there is ended, and so is what the kernel let through (root without control groups). */
function lookAtProcesses(watched: Watched, seen: Seen, { count, refused }: { count: number; refused: number }): void {
  const allowed = watched.bounds.processes;
  if (count > allowed + 1) watched.onReached(reach("processes", count, allowed));
  const full = count >= allowed * 0.97 || refused > seen.refused;
  seen.refused = refused;
  if (!full) seen.fullSince = undefined;
  else if (seen.fullSince === undefined) {
    seen.fullSince = performance.now();
    tellOnce(watched, seen, reach("processes", count, allowed));
  } else if (performance.now() - seen.fullSince > stormMs) watched.onReached(reach("processes", count, allowed));
}

function lookAtRefusals(watched: Watched, members: readonly Member[], seen: Seen): void {
  const { openFiles } = watched.bounds;
  const most = members.slice(1).reduce((sum, member) => (member.descriptors > openFiles / 2 ? Math.max(sum, openFilesOf(member)) : sum), 0);
  if (most >= openFiles) tellOnce(watched, seen, reach("open-files", most, openFiles));
  for (const area of readAreas(watched.init)) if (area.full) tellOnce(watched, seen, reach("private-area", area.used, area.size));
}

function tellOnce(watched: Watched, seen: Seen, reached: Reached): void {
  if (seen.told.has(reached.limit)) return;
  seen.told.add(reached.limit);
  watched.onRefused(reached);
}

function lookAtStaging(watched: Watched): (() => Promise<number>) | undefined {
  const meter = openStagingMeter(watched.layers, watched.bounds);
  if (!meter) return undefined;
  let first = true;
  return async () => {
    if (meter.suspect(watched.allowance())) {
      const allowance = watched.allowance();
      const measure = (): Promise<Reached | undefined> => meter.measure(() => readHidden(readTree(watched.init, watched.bounds.processes)), allowance);
      // The first walk only learns what was there before; later ones decide, and nothing is written meanwhile.
      const reached = first ? await measure() : await watched.still(measure);
      first = false;
      // A person may have allowed more while it was measured.
      if (reached && allowance === watched.allowance()) watched.onReached(reached);
    }
    return soon(meter.room());
  };
}
