/** Takes one value out of a stream of bytes, also where it is cut across chunks. Holds back only what may be the value's beginning. */
export interface Scrubber { take(chunk: Buffer): Buffer; rest(): Buffer }

const mark = Buffer.from("[secret]");

export function createScrubber(value: string): Scrubber {
  const needle = Buffer.from(value);
  let held = Buffer.alloc(0);
  return {
    take(chunk) {
      const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      const parts: Buffer[] = [];
      let from = 0;
      for (let at = bytes.indexOf(needle); at >= 0 && needle.length > 0; at = bytes.indexOf(needle, from)) {
        parts.push(bytes.subarray(from, at), mark);
        from = at + needle.length;
      }
      const keep = beginning(bytes.subarray(from), needle);
      parts.push(bytes.subarray(from, bytes.length - keep));
      held = Buffer.from(bytes.subarray(bytes.length - keep));
      return Buffer.concat(parts);
    },
    rest: () => held,
  };
}

/** How many of the last bytes could be the value's first. */
function beginning(bytes: Buffer, needle: Buffer): number {
  for (let length = Math.min(needle.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(needle.subarray(0, length))) return length;
  }
  return 0;
}
