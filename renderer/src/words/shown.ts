/** Strings from the agent, from files and from the net, made visible: control, bidi and invisible characters become escapes; long ones are cut in the middle. */
import { languageNow } from "./words.ts";

const hidden = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu;

export function shown(text: string, most = 300): string {
  const safe = text.replace(hidden, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return safe.length <= most ? safe : `${safe.slice(0, Math.ceil(most / 2))} … ${safe.slice(-Math.floor(most / 2))}`;
}

export const nameOf = (path: string): string => path.split("/").findLast((part) => part !== "") ?? path;

export function sizeOf(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(languageNow(), { style: "unit", unit: units[step] ?? "byte", unitDisplay: step === 0 ? "long" : "short", maximumFractionDigits: 1 }).format(bytes / 1000 ** step);
}

/** The person's own regional habits where they speak the language that is shown. */
const region = (): string => (navigator.language.split("-")[0] === languageNow().split("-")[0] ? navigator.language : languageNow());

/** Prose keeps its line breaks and joined letters; what reorders or hides text becomes visible. */
export function shownProse(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

export const timeOf = (at: string): string => (at === "" ? "" : new Intl.DateTimeFormat(region(), { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at)));
export const countOf = (count: number): string => new Intl.NumberFormat(languageNow()).format(count);
