/** The lines around the chosen line, in the order of its file; ten more on either side at a click. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { selectedRow } from "../actions.ts";
import { getJson, problemOf } from "../client.ts";
import { timeText } from "../model/format.ts";
import { type Line, type Row, rowOf } from "../model/line.ts";
import { finder, problem, t, view } from "../state.ts";
import { Dialog } from "./dialog.tsx";
import { Message } from "./message.tsx";

const STEP = 10;
const MOST = 500;

export function ContextDialog() {
  const row = useRef<Row | undefined>(selectedRow()).current;
  const before = useSignal(STEP), after = useSignal(STEP), keep = useSignal(false);
  const found = useSignal<{ lines: Line[]; at: number } | undefined>(undefined);
  useEffect(() => {
    if (row === undefined) return;
    const stop = new AbortController();
    getJson<{ lines: Line[]; at: number }>("/api/context", {
      topic: row.line.topic,
      generation: row.line["log.file.generation"],
      offset: row.line["log.offset"],
      at: row.timeMs >= 0 ? row.timeMs : undefined,
      before: before.value,
      after: after.value,
      q: keep.value ? view.value.q : "",
    }, stop.signal)
      .then((answer) => found.value = answer)
      .catch((error) => {
        if (!stop.signal.aborted) problem.value = problemOf(error);
      });
    return () => stop.abort();
  }, [before.value, after.value, keep.value]);
  if (row === undefined) return null;
  const more = (side: typeof before) => (
    <button
      type="button"
      disabled={side.value >= MOST}
      onClick={() => side.value = Math.min(MOST, side.value + STEP)}
    >
      {t("contextMore")} {side === before ? "↑" : "↓"}
    </button>
  );
  return (
    <Dialog title={`${t("contextTitle")}: ${row.line["log.file.path"]}`}>
      <div class="buttons">
        {more(before)}
        {more(after)}
        <label>
          <input
            type="checkbox"
            checked={keep.value}
            onChange={(event) => keep.value = event.currentTarget.checked}
          />
          {t("contextKeep")}
        </label>
      </div>
      <ol class="context" tabIndex={0} aria-label={t("contextTitle")}>
        {found.value?.lines.map(rowOf).map((one, index) => (
          <li
            key={one.key}
            class={`level-${one.level || "none"}${index === found.value!.at ? " selected" : ""}`}
            aria-current={index === found.value!.at ? "true" : undefined}
          >
            <span class="time">{timeText(one.timeMs, view.value.zone)}</span>
            <span class="level">{one.level}</span>
            <bdi>
              <Message text={one.line.message} find={finder.value} max={10_000} />
            </bdi>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
