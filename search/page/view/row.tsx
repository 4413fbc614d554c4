/** One line of the list, and its details below it. */
import type { Zone } from "../model/address.ts";
import { Component } from "preact";
import type { Shown } from "../model/buffer.ts";
import { shortPath, timeText } from "../model/format.ts";
import type { Finder } from "../model/highlight.ts";
import type { Row } from "../model/line.ts";
import { summaryOf } from "../model/summary.ts";
import { select, toggleFold, toggleOpen } from "../actions.ts";
import { t } from "../state.ts";
import { Details } from "./details.tsx";
import { Message } from "./message.tsx";

export interface RowProps {
  shown: Shown;
  index: number;
  columns: readonly string[];
  zone: Zone;
  wrap: boolean;
  find: Finder;
  selected: boolean;
  open: boolean;
  marked: boolean;
  language: string;
}

/** Text of a column. */
export function cellText(row: Row, column: string): string {
  const value = row.line[column] ?? row.line.fields?.[column.replace(/^fields\./, "")];
  if (value === undefined) return "";
  return column === "log.file.path" ? shortPath(String(value)) : String(value);
}

/** Drawn again only where something of it changed: lists are long. */
export class LineRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    for (const name of Object.keys(next) as (keyof RowProps)[]) {
      if (name !== "shown" && this.props[name] !== next[name]) return true;
    }
    const before = this.props.shown, after = next.shown;
    return before.row !== after.row || before.folded !== after.folded ||
      before.unfolded !== after.unfolded || before.continues !== after.continues;
  }
  override render() {
    return drawRow(this.props);
  }
}

function drawRow(props: RowProps) {
  const { shown, index, columns, zone, wrap, find, selected, open, marked } = props;
  const { row, folded, continues, unfolded } = shown;
  const level = row.level || "none";
  const classes = ["row", `level-${level}`];
  if (selected) classes.push("selected");
  if (continues) classes.push("continues");
  if (marked) classes.push("marked");
  const onClick = () => {
    // A drag across the text selects it and is no click.
    if (getSelection()?.isCollapsed === false) return;
    select(row.key);
  };
  return (
    <div data-key={row.key} class="item" role="presentation">
      <div
        role="row"
        id={`row-${index}`}
        aria-rowindex={index + 2}
        aria-selected={selected}
        class={classes.join(" ")}
        onClick={onClick}
        onDblClick={() => toggleOpen(row.key)}
      >
        <Toggle row={row} open={open} />
        <TimeCell ms={row.timeMs} zone={zone} />
        <span role="gridcell" class="cell level">
          {row.level}
          {marked && <span class="hidden">{t("marked")}</span>}
        </span>
        {columns.map((column) => (
          <span
            key={column}
            role="gridcell"
            class="cell field"
            title={String(row.line[column] ?? "")}
          >
            {cellText(row, column)}
          </span>
        ))}
        <span role="gridcell" class="cell message">
          {row.line.archived && <span class="archived">{t("archived")}</span>}
          <bdi>
            <Message text={summaryOf(row.line)} find={find} max={wrap ? 4000 : 1000} />
          </bdi>
          {(folded > 0 || unfolded) && <Fold row={row} folded={folded} />}
        </span>
      </div>
      {open && <Details row={row} columns={columns.length + 4} />}
    </div>
  );
}

function Toggle({ row, open }: { row: Row; open: boolean }) {
  return (
    <span role="gridcell" class="cell toggle">
      <button
        type="button"
        class="plain"
        tabIndex={-1}
        aria-expanded={open}
        aria-label={open ? t("collapse") : t("expand")}
        onClick={(event) => {
          event.stopPropagation();
          toggleOpen(row.key);
        }}
      >
        {open ? "▾" : "▸"}
      </button>
    </span>
  );
}

/** A narrow window shows the clock alone. */
function TimeCell({ ms, zone }: { ms: number; zone: Zone }) {
  const text = timeText(ms, zone);
  return (
    <span role="gridcell" class="cell time" title={text}>
      <span class="date">{text.slice(0, 11)}</span>
      {text.slice(11)}
    </span>
  );
}

function Fold({ row, folded }: { row: Row; folded: number }) {
  return (
    <button
      type="button"
      class="fold"
      tabIndex={-1}
      onClick={(event) => {
        event.stopPropagation();
        toggleFold(row.key);
      }}
    >
      {folded > 0 ? t("more", { count: folded }) : t("fold")}
    </button>
  );
}
