/** Theme and language, as a person chooses them on either page. */
import { setLanguage, setTheme } from "../choices.ts";
import type { Language } from "../model/text.ts";
import { language, t, theme } from "../state.ts";

export function ThemeAndLanguage() {
  return (
    <>
      <label>
        {t("theme")}
        <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value)}>
          <option value="auto">{t("themeAuto")}</option>
          <option value="light">{t("themeLight")}</option>
          <option value="dark">{t("themeDark")}</option>
        </select>
      </label>
      <label>
        {t("language")}
        <select
          value={language.value}
          onChange={(event) => setLanguage(event.currentTarget.value as Language)}
        >
          <option value="en">English</option>
          <option value="zh" lang="zh-CN">简体中文</option>
        </select>
      </label>
    </>
  );
}
