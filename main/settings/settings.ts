/** The person's settings: one JSON file. An unreadable file is set aside, never overwritten, and the defaults hold. */
import { renameSync } from "node:fs";
import { settingsSchema, type Settings } from "../../protocol/settings.ts";
import { readFileIfThere, writeFileAtomic } from "../base/atomicFile.ts";

export interface SettingsStore {
  get(): Settings;
  set(change: Partial<Settings>): Settings;
}

const defaults: Settings = { language: "system", theme: "system", model: "practice", welcomed: false };

export function openSettings(file: string): SettingsStore {
  const get = (): Settings => {
    const text = readFileIfThere(file);
    if (text === undefined) return defaults;
    try {
      return settingsSchema.parse({ ...defaults, ...(JSON.parse(text) as object) });
    } catch {
      renameSync(file, `${file}.unreadable`);
      return defaults;
    }
  };
  return {
    get,
    set(change) {
      const next = settingsSchema.parse({ ...get(), ...change });
      writeFileAtomic(file, JSON.stringify(next, null, 1));
      return next;
    },
  };
}
