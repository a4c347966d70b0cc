// The page's words in the reader's language.

import { setLocale } from "./format.js";
import { messages as english } from "./messages-en.js";
import { messages as chinese } from "./messages-zh.js";

export const languages = { en: { name: "English", messages: english }, "zh-CN": { name: "中文", messages: chinese } };

let current = "en";
let plurals = new Intl.PluralRules("en");

export function language() {
  return current;
}

/** @param {string} code of `languages`; another one is taken as English */
export function setLanguage(code) {
  current = code in languages ? code : "en";
  plurals = new Intl.PluralRules(current);
  setLocale(current);
  document.documentElement.lang = current;
}

/** The language among ours that a browser's list wants first. */
export function preferred(wanted) {
  for (const code of wanted) {
    if (/^zh\b/i.test(code)) return "zh-CN";
    if (/^en\b/i.test(code)) return "en";
  }
  return "en";
}

/**
 * The text of a key, with `{name}` replaced by values. A text with forms of number takes the one for `count`.
 */
export function t(key, values = {}) {
  let text = languages[current].messages[key] ?? english[key] ?? key;
  if (typeof text === "object") text = text[plurals.select(values.count ?? 0)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The text of a key that may be missing, such as one made of a word of the API's; else the word. */
export function word(prefix, name) {
  const key = `${prefix}.${name}`;
  return key in english ? t(key) : String(name ?? "–");
}
