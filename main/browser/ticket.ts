/**
 * The one-time token of the browser door. It is worth something once: whoever spends it first holds the session, and a second try finds nothing.
 * Tokens are compared by hash, in constant time; the door keeps no token in clear.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

export interface Tickets {
  /** The token for the address that is printed or opened. Single use. */
  token: string;
  /** True once, for the token. */
  spend(token: string): boolean;
  /** A session's key for a page that is loaded again; lives as long as the door. */
  openSession(): string;
  knows(session: string): boolean;
}

export function createTickets(): Tickets {
  const token = randomBytes(32).toString("base64url");
  const expected = digest(token);
  const sessions: Buffer[] = [];
  let spent = false;
  return {
    token,
    spend(given) {
      const right = timingSafeEqual(digest(given), expected);
      if (!right || spent) return false;
      spent = true;
      return true;
    },
    openSession() {
      const session = randomBytes(32).toString("base64url");
      sessions.push(digest(session));
      return session;
    },
    knows: (given) => sessions.some((session) => timingSafeEqual(session, digest(given))),
  };
}
