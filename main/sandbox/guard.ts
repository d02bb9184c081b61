/**
 * What watches over one running sandbox until its end: wall time, limits, pause. Whatever may wait for a person freezes where somebody can be
 * asked; everything else, and all where nobody can, ends the sandbox.
 */
import type { LimitHit } from "../../protocol/event.ts";
import type { Group } from "./group.ts";
import type { End, Launched } from "./launcher.ts";
import { canWait, reach, type Bounds, type Reached } from "./limits.ts";
import { startWatch } from "./watch.ts";

export interface LimitListener {
  /** Whether a person is there to let a frozen sandbox go on. */
  asks: boolean;
  onLimit(hit: LimitHit): void;
}

export interface Guarded {
  launched: Launched;
  bounds: Bounds;
  group: Group | undefined;
  layers: string[];
  listener: LimitListener;
  log(message: string, cause?: unknown): void;
}

export interface Guard {
  pause(): Promise<void>;
  /** Also after a limit froze it: then as much again is allowed. */
  resume(): Promise<void>;
  /** After the end: the limit that ended it, if one did. */
  close(end: End): LimitHit | undefined;
}

export function openGuard(guarded: Guarded): Guard {
  const { launched, bounds, group, listener } = guarded;
  let hit: LimitHit | undefined;
  let allowance = 1;
  const end = (reached: Reached): void => {
    if (hit) return;
    hit = { ...reached, action: "ended" };
    listener.onLimit(hit);
    void launched.kill();
  };
  const clock = openClock(bounds.seconds, () => end(reach("wall-time", bounds.seconds ?? 0, bounds.seconds ?? 0)));
  const brake = openBrake(launched, group, clock);
  const stopWatch = startWatch({
    init: launched.pid, bounds, group, layers: guarded.layers, log: guarded.log, allowance: () => allowance,
    still: (act) => brake.during("measure", act),
    onRefused: (reached) => listener.onLimit({ ...reached, action: "refused" }),
    onReached(reached) {
      if (!listener.asks || !canWait(reached.limit)) return end(reached);
      if (hit || brake.holds("limit")) return;
      listener.onLimit({ ...reached, action: "frozen" });
      // What cannot be held cannot wait for a person.
      brake.set("limit", true).catch(() => end(reached));
    },
  });
  group?.hold(launched.pid, (count) => end(reach("processes", count, bounds.processes)));
  return {
    pause: () => brake.set("person", true),
    async resume() {
      if (brake.holds("limit")) allowance += 1;
      await Promise.all([brake.set("limit", false), brake.set("person", false)]);
    },
    close(last) {
      clock.stop();
      stopWatch();
      // The kernel was faster than the watch: it ended the command itself.
      const usage = hit || last.signal !== "SIGKILL" ? undefined : group?.usage();
      if (usage && usage.outOfMemory > 0) end(reach("memory", Math.max(usage.memory, bounds.memoryBytes), bounds.memoryBytes));
      if (!hit && last.signal === "SIGXFSZ") listener.onLimit({ ...reach("file-size", bounds.fileBytes, bounds.fileBytes), action: "refused" });
      return hit;
    },
  };
}

interface Clock { run(on: boolean): void; stop(): void }

/** Wall time without the pauses. */
function openClock(seconds: number | undefined, up: () => void): Clock {
  let left = (seconds ?? 0) * 1000;
  let since = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const run = (on: boolean): void => {
    if (seconds === undefined || on === (timer !== undefined)) return;
    if (on) {
      since = performance.now();
      timer = setTimeout(up, Math.min(left, 0x7fffffff));
    } else {
      left -= performance.now() - since;
      clearTimeout(timer);
      timer = undefined;
    }
  };
  run(true);
  return { run, stop: () => run(false) };
}

type Why = "person" | "limit" | "measure";
interface Brake { set(why: Why, on: boolean): Promise<void>; holds(why: Why): boolean; during<T>(why: Why, act: () => Promise<T>): Promise<T> }

/** Frozen as long as there is one reason; one change at a time. */
function openBrake(launched: Launched, group: Group | undefined, clock: Clock): Brake {
  const reasons = new Set<Why>();
  let frozen = false;
  let byKernel = false;
  let changing: Promise<void> = Promise.resolve();
  const follow = async (): Promise<void> => {
    const wanted = reasons.size > 0;
    if (wanted === frozen) return;
    // Where the kernel's freezer is not to be had, process 1 stops them; what was stopped one way goes on the same way.
    if (wanted) byKernel = group !== undefined && (await group.freeze(true).then(() => true, () => false));
    else if (byKernel) await group?.freeze(false);
    if (!byKernel) launched.pause(wanted);
    frozen = wanted;
    clock.run(!wanted);
  };
  const set = (why: Why, on: boolean): Promise<void> => {
    if (on) reasons.add(why);
    else reasons.delete(why);
    return (changing = changing.then(follow, follow));
  };
  return {
    set, holds: (why) => reasons.has(why),
    async during(why, act) {
      await set(why, true);
      try {
        return await act();
      } finally {
        await set(why, false);
      }
    },
  };
}
