/** Starts the page: theme and language as chosen, the view from the address, then the first lines. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { onKey } from "./keys.ts";
import { load } from "./loader.ts";
import { viewOf } from "./model/address.ts";
import { language, t, theme, typed, view } from "./state.ts";
import { App } from "./view/app.tsx";

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  const { q } = view.value;
  document.title = q === "" ? t("title") : `${q} · ${t("title")}`;
});
globalThis.addEventListener("popstate", () => {
  view.value = viewOf(location.search);
  typed.value = view.value.q;
  load();
});
globalThis.addEventListener("keydown", onKey);

// Before the first paint: the request for the lines is on its way while the page is laid out.
load();
render(<App />, document.getElementById("app")!);
