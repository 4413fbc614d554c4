/** Head of a column: dragged to another place, made wider or narrower at its edge, by pointer or arrow keys. */
import { useRef } from "preact/hooks";
import { moveColumn, setWidth } from "../actions.ts";
import { WIDTH_MAX, WIDTH_MIN } from "../model/address.ts";
import { t, view } from "../state.ts";
import { nameOf } from "./facets.tsx";

const STEP = 16;
const TYPE = "application/x-weir-column";

export function ColumnHead({ column }: { column: string }) {
  const cell = useRef<HTMLSpanElement>(null);
  const from = useRef<Pull | undefined>(undefined);
  return (
    <span
      role="columnheader"
      class="cell field"
      ref={cell}
      draggable
      onDragStart={(event) => {
        // At its edge the column is pulled wider, not carried away.
        if (from.current !== undefined) event.preventDefault();
        else event.dataTransfer!.setData(TYPE, column);
      }}
      onDragOver={(event) => {
        if (event.dataTransfer!.types.includes(TYPE)) event.preventDefault();
      }}
      onDrop={(event) => {
        event.preventDefault();
        const moved = event.dataTransfer!.getData(TYPE);
        const { columns } = view.value;
        if (columns.includes(moved)) moveColumn(moved, columns.indexOf(column));
      }}
    >
      <span class="name">{nameOf(column)}</span>
      <Edge
        column={column}
        from={from}
        widthNow={() => cell.current!.getBoundingClientRect().width}
      />
    </span>
  );
}

/** Where a pull at the edge began. */
interface Pull {
  x: number;
  width: number;
}

function Edge({ column, from, widthNow }: {
  column: string;
  from: { current: Pull | undefined };
  widthNow: () => number;
}) {
  return (
    <span
      class="edge"
      role="separator"
      aria-orientation="vertical"
      aria-label={t("columnWidth", { name: nameOf(column) })}
      aria-valuenow={view.value.widths[column] ?? WIDTH_MIN}
      aria-valuemin={WIDTH_MIN}
      aria-valuemax={WIDTH_MAX}
      tabIndex={0}
      data-keys
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width: widthNow() };
      }}
      onPointerMove={(event) => {
        if (from.current === undefined) return;
        setWidth(column, Math.max(1, from.current.width + event.clientX - from.current.x));
      }}
      onPointerUp={() => from.current = undefined}
      onPointerCancel={() => from.current = undefined}
      onDblClick={() => setWidth(column, 0)}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        setWidth(column, Math.max(1, widthNow() + by));
      }}
    />
  );
}
