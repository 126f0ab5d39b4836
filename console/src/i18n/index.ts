/** The words of the console, in both languages side by side: a text without one of them does not compile. */
import { useSyncExternalStore } from 'react';
import { eventTexts } from './events.js';
import { furtherTexts } from './further.js';
import { iamTexts } from './iam.js';
import { privilegeTexts } from './privilege.js';
import { s3Texts } from './s3.js';
import { setupTexts } from './setup.js';
import { shellTexts } from './shell.js';
import { stagingTexts } from './staging.js';

/** English, Japanese. `{name}` is filled in. */
export type Texts = Readonly<Record<string, readonly [en: string, ja: string]>>;

const texts = {
  ...shellTexts,
  ...iamTexts,
  ...s3Texts,
  ...eventTexts,
  ...privilegeTexts,
  ...furtherTexts,
  ...setupTexts,
  ...stagingTexts,
};

export type TextKey = keyof typeof texts;
export type Language = 'en' | 'ja';
export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

const CHOICE = 'karikagi.language';
const listeners = new Set<() => void>();

let language: Language = firstLanguage();

function firstLanguage(): Language {
  const chosen = localStorage.getItem(CHOICE);
  if (chosen === 'en' || chosen === 'ja') return chosen;
  return navigator.languages.find(tag => /^(en|ja)\b/.test(tag))?.startsWith('ja') ? 'ja' : 'en';
}

export function currentLanguage(): Language {
  return language;
}

/** Switches every text on the page, and remembers it in this browser. */
export function setLanguage(chosen: Language): void {
  language = chosen;
  localStorage.setItem(CHOICE, chosen);
  document.documentElement.lang = chosen;
  for (const listener of listeners) listener();
}

/** The text in the present language. */
export const translate: Translate = (key, values = {}) =>
  texts[key][language === 'ja' ? 1 : 0].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

export function useLanguage(): Language {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => language,
  );
}

/** Texts for a component, which is drawn again when the language changes. */
export function useTexts(): Translate {
  useLanguage();
  return translate;
}
