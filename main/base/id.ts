/** Ids of conversations, turns, grants and sets: 12 characters of [a-z0-9], from the system's random source. */
import { randomBytes } from "node:crypto";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

export function newId(): string {
  // 252 = 7 * 36: bytes above it are dropped, so every letter is equally likely.
  let id = "";
  while (id.length < 12) {
    for (const byte of randomBytes(16)) if (byte < 252 && id.length < 12) id += letters[byte % 36];
  }
  return id;
}
