/** The list: a grid of which only what is seen is in the document, whatever its length. */
import { useMemo } from "preact/hooks";
import { run, selectedIndex, setRange } from "../actions.ts";
import { follow } from "../loader.ts";
import * as state from "../state.ts";
import { useListWindow } from "./list_window.ts";
import { enterArchive } from "./archive_bar.tsx";
import { ColumnHead } from "./column_head.tsx";
import { LineRow } from "./row.tsx";

const { buffer, t } = state;

export function List() {
  const { columns, widths, wrap, roomy, zone } = state.view.value;
  const rows = state.shown.value;
  const keys = useMemo(() => rows.map(({ row }) => row.key), [rows]);
  const { scroller, onScroll, first, last, top } = useListWindow(
    keys,
    `${wrap} ${roomy} ${columns} ${JSON.stringify(widths)}`,
  );
  const template = `22px 190px 48px ${
    columns.map((column) => widths[column] === undefined ? widthOf(column) : `${widths[column]}px`)
      .join(" ")
  } minmax(200px, 1fr)`;
  const at = selectedIndex();
  return (
    <div class="listbox">
      <div
        id="list"
        ref={scroller}
        class={`list${wrap ? " wrap" : ""}${roomy ? " roomy" : ""}`}
        role="grid"
        tabIndex={0}
        aria-label={t("lines")}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 4}
        aria-activedescendant={at >= first && at < last ? `row-${at}` : undefined}
        style={{ "--columns": template }}
        onScroll={onScroll}
      >
        <Head columns={columns} />
        <div role="rowgroup" class="space">
          <div class="window" role="presentation" style={{ top: `${top}px` }}>
            {rows.slice(first, last).map((shown, i) => (
              <LineRow
                key={shown.row.key}
                shown={shown}
                index={first + i}
                columns={columns}
                zone={zone}
                wrap={wrap}
                find={state.finder.value}
                selected={shown.row.key === state.selected.value}
                open={state.opened.value.has(shown.row.key)}
                marked={state.marks.value.has(shown.row.key)}
                language={state.language.value}
              />
            ))}
          </div>
        </div>
      </div>
      {rows.length === 0 && <Empty />}
      <Pill />
    </div>
  );
}

function Head({ columns }: { columns: readonly string[] }) {
  return (
    <div role="rowgroup" class="listhead">
      <div role="row" class="row" aria-rowindex={1}>
        <span role="columnheader" class="cell toggle">
          <span class="hidden">{t("expand")}</span>
        </span>
        <span role="columnheader" class="cell">{t("time")}</span>
        <span role="columnheader" class="cell">{t("level")}</span>
        {columns.map((column) => <ColumnHead key={column} column={column} />)}
        <span role="columnheader" class="cell">{t("message")}</span>
      </div>
    </div>
  );
}

function widthOf(column: string): string {
  if (column === "host.name") return "minmax(60px, 110px)";
  if (column === "log.file.path") return "minmax(80px, 170px)";
  return "minmax(60px, 130px)";
}

/** Never a blank page: says why there is nothing, and what helps. */
function Empty() {
  const { q, since, until } = state.view.value;
  if (state.loading.value !== "" || state.live.value === "connecting") {
    return <div class="empty">{t("loading")}</div>;
  }
  const narrowed = q !== "" || since !== "" || until !== "";
  return (
    <div class="empty">
      <p class="what">{narrowed ? t("noMatch") : t("noLines")}</p>
      {!narrowed && <p>{t("noLinesHint")}</p>}
      <p class="buttons">
        {q !== "" && <button type="button" onClick={() => run("")}>{t("clearQuery")}</button>}
        {(since !== "" || until !== "") && (
          <button type="button" onClick={() => setRange("", "")}>{t("clearRange")}</button>
        )}
        {state.hasArchive && !state.view.value.archive && (
          <button
            type="button"
            onClick={() => enterArchive()}
          >
            {t("archiveSearch")}
          </button>
        )}
        {!narrowed && (
          <button type="button" onClick={() => state.dialog.value = "sources"}>
            {t("sources")}
          </button>
        )}
      </p>
    </div>
  );
}

/** While paused: how many lines came, and the way back. */
function Pill() {
  const { following, waiting, live } = state;
  if (following.value || (live.value === "off" && !buffer.hasNewer)) return null;
  const count = waiting.value;
  const text = count === 0
    ? t("follow")
    : count === 1
    ? t("newLine")
    : t("newLines", { count: count.toLocaleString(state.language.value) });
  return <button type="button" class="pill" onClick={() => follow()}>↓ {text}</button>;
}
