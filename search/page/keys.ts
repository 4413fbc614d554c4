/** The keyboard: one letter an action, as in less and lnav; none while somebody types. */
import * as actions from "./actions.ts";
import { dialog, finder, marks, menu, say, t, view } from "./state.ts";
import { plainText } from "./model/ansi.ts";
import type { Row } from "./model/line.ts";

const ERRORS = ["error", "fatal"];
const WARNINGS = ["warn"];

const KEYS: Record<string, () => void> = {
  "/": () => document.getElementById("query")?.focus(),
  j: () => actions.move(1),
  k: () => actions.move(-1),
  ArrowDown: () => actions.move(1),
  ArrowUp: () => actions.move(-1),
  g: () => actions.moveToEnd(true),
  Home: () => actions.moveToEnd(true),
  G: () => actions.moveToEnd(false),
  End: () => actions.moveToEnd(false),
  e: () => void actions.moveToLevel(1, ERRORS),
  E: () => void actions.moveToLevel(-1, ERRORS),
  w: () => void actions.moveToLevel(1, WARNINGS),
  W: () => void actions.moveToLevel(-1, WARNINGS),
  n: () => hit(1),
  N: () => hit(-1),
  m: () => {
    const row = actions.selectedRow();
    if (row !== undefined) actions.toggleMark(row.key);
  },
  u: () => marked(1),
  U: () => marked(-1),
  c: () => {
    if (actions.selectedRow() !== undefined) dialog.value = "context";
  },
  p: () => actions.togglePause(),
  " ": () => actions.togglePause(),
  t: () => actions.nextTheme(),
  l: () => actions.toggleWrap(),
  x: () => void (menu.value = menu.value === "columns" ? "" : "columns"),
  "?": () => void (dialog.value = "help"),
  Enter: () => {
    const row = actions.selectedRow();
    if (row !== undefined) actions.toggleOpen(row.key);
  },
};

function hit(by: 1 | -1): void {
  const find = finder.value;
  const fits = (row: Row) => find(plainText(row.line.message)).length > 0;
  const any = view.value.q === "" && view.value.mark === "";
  if (!actions.moveTo(by, any ? () => true : fits)) say(t("nothingFurther"));
}

function marked(by: 1 | -1): void {
  if (!actions.moveTo(by, (row) => marks.value.has(row.key))) say(t("nothingFurther"));
}

export function onKey(event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (dialog.value === "") dialog.value = "palette";
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target as HTMLElement;
  if (event.key === "Escape") {
    menu.value = "";
    dialog.value = "";
    if (target.id === "query") actions.focusList();
    return;
  }
  if (dialog.value !== "" || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
  // Enter, space and arrows belong to the button, link or chart that has the focus.
  const own = target.closest("button, a, summary, [data-keys]");
  if (own !== null && /^(Enter| |Arrow.*|Home|End)$/.test(event.key)) return;
  const action = KEYS[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}
