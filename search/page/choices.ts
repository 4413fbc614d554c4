/** Theme and language, kept in this browser; the same for both pages. */
import type { Language } from "./model/text.ts";
import * as state from "./state.ts";

export function setTheme(name: string): void {
  state.theme.value = name;
  state.store("theme", name);
}

export function setLanguage(language: Language): void {
  state.language.value = language;
  state.store("language", language);
}
