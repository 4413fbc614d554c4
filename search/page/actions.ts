/** What a person can do, apart from how (key, click): each action changes the state and the address. */
import { setTheme } from "./choices.ts";
import { apiUrl, getLines, problemOf } from "./client.ts";
import { follow, load } from "./loader.ts";
import { rangeValues } from "./range.ts";
import { shortName } from "../query/fields.ts";
import { addressOf, WIDTH_MAX, WIDTH_MIN } from "./model/address.ts";
import { timeValue } from "./model/axis.ts";
import { toggleValue, withCondition } from "./model/edit_query.ts";
import { type Line, placeOf, type Row, rowOf } from "./model/line.ts";
import { copyOf } from "./model/line_copy.ts";
import { withRecent } from "./model/saved.ts";
import * as state from "./state.ts";

const { buffer, t } = state;

/** Runs a query: as typed, or another text. */
export function run(q = state.typed.value): void {
  state.typed.value = q;
  if (state.typedFault.value !== undefined) return;
  if (q !== state.view.value.q || state.view.value.line !== "") {
    state.setView({ q, line: "" }, true);
  }
  state.recent.value = withRecent(state.recent.value, q.trim());
  state.store("recent", JSON.stringify(state.recent.value));
  load();
}

export function toggle(field: string, value: string, choice: "include" | "exclude"): void {
  run(toggleValue(state.view.value.q, field, value, choice));
}

export function addCondition(condition: string): void {
  run(withCondition(state.view.value.q, condition));
}

/** Time range; zooming out goes back to what was before. */
const zoomed: { since: string; until: string }[] = [];

export function setRange(since: string, until: string): void {
  zoomed.length = 0;
  state.setView({ since, until, line: "" }, true);
  load();
}

export function zoomIn(fromMs: number, toMs: number): void {
  const { since, until } = state.view.value;
  zoomed.push({ since, until });
  state.setView({
    since: timeValue(fromMs),
    until: timeValue(toMs),
    line: "",
  }, true);
  load();
}

export function zoomOut(): void {
  const { since, until } = state.view.value;
  if (since === "" && until === "") return;
  const before = zoomed.pop() ?? { since: "", until: "" };
  state.setView({ ...before, line: "" }, true);
  load();
}

export function select(key: string): void {
  state.selected.value = key;
}

export function toggleOpen(key: string): void {
  const next = new Set(state.opened.value);
  if (!next.delete(key)) next.add(key);
  state.opened.value = next;
  state.selected.value = key;
}

export function toggleFold(key: string): void {
  const next = new Set(state.unfolded.value);
  if (!next.delete(key)) next.add(key);
  state.unfolded.value = next;
}

export function toggleMark(key: string): void {
  const next = new Set(state.marks.value);
  if (!next.delete(key)) next.add(key);
  state.marks.value = next;
}

export function togglePause(): void {
  if (state.following.value) state.following.value = false;
  else follow();
}

export function nextTheme(): void {
  const order = ["auto", "light", "dark"];
  setTheme(order[(order.indexOf(state.theme.value) + 1) % order.length]);
}

export function toggleWrap(): void {
  state.setView({ wrap: !state.view.value.wrap });
}

export function selectedIndex(): number {
  const { selected, shown } = state;
  return shown.value.findIndex(({ row }) => row.key === selected.value);
}

export function selectedRow(): Row | undefined {
  return state.shown.value[selectedIndex()]?.row;
}

/** Moves by rows; where nothing is chosen yet, to the last one. */
export function move(by: number): void {
  const rows = state.shown.value;
  if (rows.length === 0) return;
  const at = selectedIndex();
  const next = at < 0 ? rows.length - 1 : Math.max(0, Math.min(rows.length - 1, at + by));
  if (next < rows.length - 1) state.following.value = false;
  state.selected.value = rows[next].row.key;
}

export function moveToEnd(first: boolean): void {
  const rows = state.shown.value;
  if (first) {
    state.following.value = false;
    if (rows.length > 0) state.selected.value = rows[0].row.key;
    return;
  }
  if (rows.length > 0) state.selected.value = rows[rows.length - 1].row.key;
  follow();
}

/** To the next row (by 1) or previous one (by -1) that fits; false where none is loaded. */
export function moveTo(by: 1 | -1, fits: (row: Row) => boolean): boolean {
  const rows = state.shown.value;
  const at = selectedIndex();
  for (let i = at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by; rows[i] !== undefined; i += by) {
    if (!fits(rows[i].row)) continue;
    state.following.value = false;
    state.selected.value = rows[i].row.key;
    return true;
  }
  return false;
}

/** To the next or previous line of a level, beyond the loaded ones too. */
export async function moveToLevel(by: 1 | -1, levels: readonly string[]): Promise<void> {
  if (moveTo(by, (row) => levels.includes(row.level))) return;
  const rows = state.shown.value;
  const from = selectedRow() ?? rows[by > 0 ? 0 : rows.length - 1]?.row;
  if (from === undefined) return state.say(t("nothingFurther"));
  const range = rangeValues();
  const condition = `level:(${levels.join(" OR ")})`;
  const found: Line[] = [];
  try {
    await getLines(
      {
        ...range,
        q: withCondition(range.q, condition),
        order: by > 0 ? "oldest" : "newest",
        limit: 1,
        after: placeOf(from),
      },
      new AbortController().signal,
      (lines) => void found.push(...lines),
    );
  } catch (error) {
    state.problem.value = problemOf(error);
    return;
  }
  if (found.length === 0) return state.say(t("nothingFurther"));
  goTo(rowOf(found[0]));
}

/** Shows the list around a line. */
export function goTo(row: Row): void {
  state.setView({ line: placeOf(row) }, true);
  load();
}

/** Address of the page at this line, with a copy of it that outlives the store's; the copy is never sent to a server. */
export function linkTo(row: Row): string {
  const address = addressOf({ ...state.view.value, line: placeOf(row) });
  return `${location.origin}${location.pathname}${address}${copyOf(row.line)}`;
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    state.say(t("copied"));
  } catch {
    state.say(t("copyFailed"));
  }
}

export function jsonOf(line: Line): string {
  return JSON.stringify(line, null, 2);
}

export function downloadUrl(format: string): string {
  return apiUrl("/api/export", { ...rangeValues(), format, order: "oldest" });
}

/** The export as a command line; quoted for a POSIX shell. */
export function curlText(): string {
  const url = `${location.origin}${downloadUrl("ndjson")}`;
  return `curl -sS '${url.replaceAll("'", "'\\''")}'`;
}

export function setColumns(columns: string[]): void {
  state.setView({ columns });
}

/** Puts a shown column at another place among them. */
export function moveColumn(name: string, to: number): void {
  const columns = state.view.value.columns.filter((one) => one !== name);
  columns.splice(Math.max(0, to), 0, name);
  setColumns(columns);
}

/** @param width pixels; 0: as wide as it is by itself */
export function setWidth(column: string, width: number): void {
  const widths = { ...state.view.value.widths };
  if (width === 0) delete widths[column];
  else widths[column] = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, Math.round(width)));
  state.setView({ widths });
}

/** Begins a condition on a field in the search box. */
export function startCondition(field: string): void {
  const { q } = state.view.value;
  state.typed.value = `${q === "" ? "" : `${q} `}${shortName(field)}:`;
  const box = document.getElementById("query") as HTMLInputElement;
  box.value = state.typed.value;
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Only lines before or after this one. */
export function cutAt(row: Row, side: "before" | "after"): void {
  const at = new Date(row.timeMs + (side === "before" ? 1 : 0)).toISOString();
  if (side === "before") setRange(state.view.value.since, at);
  else setRange(at, state.view.value.until);
}

export function focusList(): void {
  document.getElementById("list")?.focus({ preventScroll: true });
}

export function rowsLoaded(): number {
  return buffer.rows.length;
}
