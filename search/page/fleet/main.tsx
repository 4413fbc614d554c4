/** Starts the fleet page: theme and language as chosen, the view from the address, then the stream. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { language, theme } from "../state.ts";
import { FleetPage } from "./fleet_page.tsx";
import { openNamedHost, readAddress } from "./state.ts";
import { ft } from "./text.ts";

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  document.title = ft("title");
});
globalThis.addEventListener("popstate", readAddress);
openNamedHost();
render(<FleetPage />, document.getElementById("app")!);
