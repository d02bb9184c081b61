/** The app's own log: one line per entry to one file of our own. Values of lent secrets are redacted by value; bodies are never logged. */
import { appendFileSync } from "node:fs";
import { visible } from "./visible.ts";

export interface Logger {
  log(room: string, message: string, cause?: unknown): void;
  /** Adds a value that must never appear; returns the remover. */
  hide(value: string): () => void;
  redact(text: string): string;
}

export function createLogger(options: { file: string | undefined; now: () => Date }): Logger {
  const values = new Set<string>();
  const redact = (text: string): string => [...values].reduce((left, value) => left.replaceAll(value, "[secret]"), text);
  return {
    redact,
    hide(value) {
      if (value.length >= 4) values.add(value);
      return () => void values.delete(value);
    },
    log(room, message, cause) {
      if (!options.file) return;
      const why = cause instanceof Error ? ` | ${cause.stack ?? cause.message}` : cause === undefined ? "" : ` | ${String(cause)}`;
      try {
        appendFileSync(options.file, `${options.now().toISOString()} ${room}: ${visible(redact(message + why), 8000)}\n`, { mode: 0o600 });
      } catch {
        // A log that cannot be written (full disk) must not end what it describes.
      }
    },
  };
}
