/** Takes secret values out of what comes back, across chunk borders. Holds back only bytes that may be the start of one. */
import { Transform } from "node:stream";
import type { Needle } from "./placeholder.ts";

export function scrubText(text: string, needles: readonly Needle[]): string {
  return needles.reduce((left, { find, put }) => left.replaceAll(find.toString("latin1"), () => put.toString("latin1")), text);
}

/** Pure step: what may go on now, and what is held back. `last` = nothing follows. */
export function scrubStep(bytes: Buffer, needles: readonly Needle[], last: boolean): { out: Buffer; held: Buffer } {
  const out: Buffer[] = [];
  let from = 0;
  for (;;) {
    const hit = nextHit(bytes, needles, from);
    if (!hit) break;
    out.push(bytes.subarray(from, hit.at), hit.needle.put);
    from = hit.at + hit.needle.find.length;
  }
  const rest = bytes.subarray(from);
  const keep = last ? 0 : heldLength(rest, needles);
  out.push(rest.subarray(0, rest.length - keep));
  return { out: Buffer.concat(out), held: Buffer.from(rest.subarray(rest.length - keep)) };
}

function nextHit(bytes: Buffer, needles: readonly Needle[], from: number): { at: number; needle: Needle } | undefined {
  let best: { at: number; needle: Needle } | undefined;
  for (const needle of needles) {
    const at = bytes.indexOf(needle.find, from);
    if (at < 0) continue;
    if (!best || at < best.at || (at === best.at && needle.find.length > best.needle.find.length)) best = { at, needle };
  }
  return best;
}

/** Length of the longest end of `bytes` that is the start of a needle. */
function heldLength(bytes: Buffer, needles: readonly Needle[]): number {
  let longest = 0;
  for (const { find } of needles) {
    for (let length = Math.min(find.length - 1, bytes.length); length > longest; length--) {
      if (bytes.subarray(bytes.length - length).equals(find.subarray(0, length))) longest = length;
    }
  }
  return longest;
}

export function createScrubber(needles: readonly Needle[]): Transform {
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      const step = scrubStep(held.length > 0 ? Buffer.concat([held, chunk]) : chunk, needles, false);
      held = step.held;
      next(null, step.out.length > 0 ? step.out : undefined);
    },
    flush(next) {
      next(null, scrubStep(held, needles, true).out);
    },
  });
}
