/**
 * The list: only what is seen is in the document, whatever the length. It follows the newest line until somebody
 * scrolls up; then what is looked at stays where it is, whatever comes in above or below.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { run, selectedIndex, setRange } from "../actions.ts";
import { follow, loadNewer, loadOlder } from "../loader.ts";
import { Heights } from "../model/heights.ts";
import * as state from "../state.ts";
import { nameOf } from "./facets.tsx";
import { LineRow } from "./row.tsx";

const { buffer, t } = state;
const ROW_HEIGHT = 21;
const HEAD_HEIGHT = 25;
/** Rows drawn above and below what is seen. */
const SPARE = 12;
/** So near an end, in pixels, more is loaded. */
const NEAR = 600;

export function List() {
  const scroller = useRef<HTMLDivElement>(null);
  const heights = useMemo(() => new Heights(ROW_HEIGHT), []);
  const scroll = useSignal({ top: 0, height: 800 });
  /** Row that is held in its place, and its distance from the top of the view. */
  const anchor = useRef({ key: "", offset: 0, top: 0 });
  const { columns, wrap, zone } = state.view.value;
  const rows = state.shown.value;
  const indexes = useMemo(() => {
    const keys = rows.map(({ row }) => row.key);
    heights.setKeys(keys);
    return new Map(keys.map((key, index) => [key, index]));
  }, [rows]);
  useMemo(() => heights.reset(ROW_HEIGHT), [wrap, columns.join()]);

  const first = Math.max(0, heights.at(scroll.value.top) - SPARE);
  const last = Math.min(rows.length, heights.at(scroll.value.top + scroll.value.height) + SPARE);

  const hold = () => {
    const box = scroller.current!;
    const index = heights.at(box.scrollTop);
    anchor.current = {
      key: rows[index]?.row.key ?? "",
      offset: heights.top(index) - box.scrollTop,
      top: box.scrollTop,
    };
  };

  // Measures what was drawn, then puts the view where it belongs: at the end, or with the held row in its place.
  useLayoutEffect(() => {
    const box = scroller.current!;
    let moved = false;
    for (const item of box.querySelectorAll<HTMLElement>("[data-key]")) {
      if (heights.measure(item.dataset.key!, item.getBoundingClientRect().height)) moved = true;
    }
    box.querySelector<HTMLElement>(".space")!.style.height = `${heights.total}px`;
    if (state.following.value) box.scrollTop = box.scrollHeight;
    else {
      const index = indexes.get(anchor.current.key);
      if (index !== undefined) {
        const wanted = heights.top(index) - anchor.current.offset;
        if (Math.abs(wanted - box.scrollTop) > 1) box.scrollTop = wanted;
      }
    }
    anchor.current.top = box.scrollTop;
    if (moved || box.scrollTop !== scroll.value.top || box.clientHeight !== scroll.value.height) {
      scroll.value = { top: box.scrollTop, height: box.clientHeight };
    }
  });

  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (state.view.value.wrap) heights.reset(ROW_HEIGHT);
      const box = scroller.current!;
      scroll.value = { top: box.scrollTop, height: box.clientHeight };
    });
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);

  // Shows the row that the keyboard went to.
  useLayoutEffect(() => {
    const index = selectedIndex();
    const box = scroller.current!;
    if (index < 0 || state.following.value) return;
    const top = heights.top(index), bottom = heights.top(index + 1);
    const seen = box.clientHeight - HEAD_HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + seen) {
      box.scrollTop = bottom - top > seen ? top : bottom - seen;
    }
    hold();
    scroll.value = { top: box.scrollTop, height: box.clientHeight };
  }, [state.selected.value, state.loading.value === "all"]);

  // A list that does not fill the view has no scrolling that could ask for more.
  useEffect(() => more());

  const more = () => {
    const box = scroller.current!;
    if (box.scrollTop < NEAR && !state.following.value) loadOlder();
    else if (box.scrollHeight <= box.clientHeight + 4) loadOlder();
    if (box.scrollHeight - box.scrollTop - box.clientHeight < NEAR) loadNewer();
  };

  const onScroll = () => {
    const box = scroller.current!;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 4;
    if (box.scrollTop < anchor.current.top - 1) state.following.value = false;
    else if (atEnd && !buffer.hasNewer && !state.following.value && state.live.value !== "off") {
      state.waiting.value = 0;
      state.following.value = true;
    }
    hold();
    scroll.value = { top: box.scrollTop, height: box.clientHeight };
    more();
  };

  const template = `22px 190px 48px ${columns.map(widthOf).join(" ")} minmax(200px, 1fr)`;
  const at = selectedIndex();
  return (
    <div class="listbox">
      <div
        id="list"
        ref={scroller}
        class={`list${wrap ? " wrap" : ""}`}
        role="grid"
        tabIndex={0}
        aria-label={t("lines")}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 4}
        aria-activedescendant={at >= first && at < last ? `row-${at}` : undefined}
        style={{ "--columns": template }}
        onScroll={onScroll}
      >
        <div role="rowgroup" class="listhead">
          <div role="row" class="row" aria-rowindex={1}>
            <span role="columnheader" class="cell toggle">
              <span class="hidden">{t("expand")}</span>
            </span>
            <span role="columnheader" class="cell">{t("time")}</span>
            <span role="columnheader" class="cell">{t("level")}</span>
            {columns.map((column) => (
              <span key={column} role="columnheader" class="cell">{nameOf(column)}</span>
            ))}
            <span role="columnheader" class="cell">{t("message")}</span>
          </div>
        </div>
        <div role="rowgroup" class="space">
          <div class="window" role="presentation" style={{ top: `${heights.top(first)}px` }}>
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
