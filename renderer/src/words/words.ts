/** The page's words, switched live. Nothing is fetched: both languages are in the bundle. */
import i18next, { type i18n } from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";
import type { Settings } from "../../../protocol/settings.ts";
import { en } from "./en.ts";
import { zhCN } from "./zhCN.ts";

export type WordKey = keyof typeof en;
export type Say = (key: WordKey, values?: { [name: string]: string | number }) => string;

export function startWords(): i18n {
  void i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, "zh-CN": { translation: zhCN } },
    lng: pickLanguage("system"), fallbackLng: "en", keySeparator: false, nsSeparator: false,
    // React escapes what it shows.
    interpolation: { escapeValue: false },
  });
  return i18next;
}

export function pickLanguage(wish: Settings["language"]): "en" | "zh-CN" {
  if (wish !== "system") return wish;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

export function applyLanguage(wish: Settings["language"]): void {
  const language = pickLanguage(wish);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

export function useSay(): Say {
  const { t } = useTranslation();
  return (key, values) => String(t(key, values ?? {}));
}

export const languageNow = (): string => i18next.language;
