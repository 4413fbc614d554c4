/**
 * Lines over time as stacked bars, one colour a level, as plain SVG: drag or Shift+arrows select a span, Enter zooms,
 * a double click or Escape zooms out.
 */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { zoomIn, zoomOut } from "../actions.ts";
import { countOf, endOf, gapsOf, type Span, startOf } from "../model/axis.ts";
import { axisText, countText, exactCount, spanText, timeText } from "../model/format.ts";
import { histogram, type HistogramAnswer, host, language, pointed, t, view } from "../state.ts";
import { HostStrip } from "./host_strip.tsx";

const HEIGHT = 72;
/** Pauses shorter than this are no gap: a restart. */
const GAP_MS_MIN = 2000;
/** From the bottom of a bar to its top. */
const STACK = ["fatal", "error", "warn", "info", "debug", "trace", ""];

export function HistogramView() {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const answer = histogram.value;
  const bars = answer === undefined ? 0 : countOf(answer);
  const step = bars === 0 ? 0 : width / bars;
  const { at, from, handlers } = useChoice(box, answer, bars, step);
  const gaps = answer === undefined || bars === 0
    ? []
    : gapsOf(host.value?.runs ?? [], startOf(answer), endOf(answer), GAP_MS_MIN);
  useLayoutEffect(() => {
    pointed.value = at >= 0 && bars > 0 ? (at + 0.5) / bars : -1;
  }, [at, bars]);
  return (
    <>
      <div
        class="histogram"
        ref={box}
        role="application"
        tabIndex={0}
        data-keys
        aria-label={t("histogram")}
        aria-describedby="histogram-help histogram-bar"
        {...handlers}
      >
        <span id="histogram-help" class="hidden">{t("histogramHelp")}</span>
        {answer !== undefined && bars > 0 && (
          <Bars answer={answer} width={width} step={step} from={from} at={at} gaps={gaps} />
        )}
        <span id="histogram-bar" class="hidden" role="status">
          {answer !== undefined && at >= 0 && at < bars && barText(answer, at, gaps)}
        </span>
        {answer !== undefined && at >= 0 && at < bars && (
          <div
            class="tip"
            aria-hidden="true"
            style={{ left: `${Math.min(width - 230, Math.max(0, at * step - 100))}px` }}
          >
            {barText(answer, at, gaps)}
          </div>
        )}
      </div>
      <Gaps gaps={gaps} />
      <HostStrip width={width} />
    </>
  );
}

function useWidth(box: { readonly current: HTMLElement | null }): number {
  const width = useSignal(800);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.max(100, Math.floor(entry.contentRect.width));
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return width.value;
}

/** The bar under the pointer or the keyboard, and the other end of the chosen span (-1: none). */
function useChoice(
  box: { readonly current: HTMLElement | null },
  answer: HistogramAnswer | undefined,
  bars: number,
  step: number,
) {
  const from = useSignal(-1), at = useSignal(-1);
  const dragging = useRef(false);
  const barAt = (event: PointerEvent) => {
    const left = box.current!.getBoundingClientRect().left;
    return Math.max(0, Math.min(bars - 1, Math.floor((event.clientX - left) / step)));
  };
  const zoom = () => {
    if (answer === undefined || at.value < 0) return;
    const [low, high] = spanOf(from.value < 0 ? at.value : from.value, at.value);
    const start = startOf(answer);
    from.value = at.value = -1;
    // Not beyond the chosen range: a bar at its border has the lines of a part of its width.
    const end = start + (high + 1) * answer.bucketMs;
    zoomIn(
      Math.max(answer.fromMs!, start + low * answer.bucketMs),
      view.value.until === "" ? end : Math.min(answer.toMs!, end),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined && bars > 0) {
      event.preventDefault();
      if (!event.shiftKey) from.value = -1;
      else if (from.value < 0) from.value = Math.max(0, at.value);
      at.value = at.value < 0 ? bars - 1 : Math.max(0, Math.min(bars - 1, at.value + by));
    } else if (event.key === "Enter") zoom();
    else if (event.key === "Escape") {
      if (from.value >= 0) from.value = -1;
      else zoomOut();
    }
  };
  const handlers = {
    onKeyDown,
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0 || bars === 0) return;
      box.current!.setPointerCapture(event.pointerId);
      dragging.current = true;
      from.value = at.value = barAt(event);
    },
    onPointerMove: (event: PointerEvent) => {
      if (bars > 0) at.value = barAt(event);
    },
    onPointerUp: () => {
      if (!dragging.current) return;
      dragging.current = false;
      // A mere click chooses nothing.
      if (from.value === at.value) from.value = -1;
      else zoom();
    },
    onPointerLeave: () => {
      if (!dragging.current) at.value = -1;
    },
    onDblClick: () => zoomOut(),
  };
  return { at: at.value, from: from.value, handlers };
}

function spanOf(a: number, b: number): [number, number] {
  return a < b ? [a, b] : [b, a];
}

/** For those who do not see the shading: each gap as a sentence. */
function Gaps({ gaps }: { gaps: readonly Span[] }) {
  if (gaps.length === 0) return null;
  return (
    <ul class="hidden" aria-label={t("gaps")}>
      {gaps.slice(-20).map((gap) => <li key={gap.fromMs}>{gapText(gap)}</li>)}
    </ul>
  );
}

function gapText(gap: Span): string {
  const { zone } = view.value;
  return t("gap", {
    from: timeText(gap.fromMs, zone).slice(0, 19),
    to: timeText(gap.toMs, zone).slice(0, 19),
  });
}

function barText(answer: HistogramAnswer, index: number, gaps: readonly Span[]): string {
  const { bucketMs } = answer;
  const start = startOf(answer) + index * bucketMs;
  const number = (count: number) => exactCount(count, language.value);
  const bucket = answer.buckets.find(({ startMs }) => startMs === start);
  const levels = STACK.filter((level) => (bucket?.levels[level] ?? 0) > 0)
    .map((level) => `${level || t("noLevel")} ${number(bucket!.levels[level])}`).join(", ");
  const time = timeText(start, view.value.zone).slice(0, bucketMs < 1000 ? 23 : 19);
  const gap = gaps.find(({ fromMs, toMs }) => fromMs < start + bucketMs && toMs > start);
  return `${time} +${spanText(bucketMs)}: ${number(bucket?.count ?? 0)}${levels && ` (${levels})`}${
    gap === undefined ? "" : ` — ${gapText(gap)}`
  }`;
}

function Bars(
  { answer, width, step, from, at, gaps }: {
    answer: HistogramAnswer;
    width: number;
    step: number;
    from: number;
    at: number;
    gaps: readonly Span[];
  },
) {
  const most = Math.max(1, ...answer.buckets.map(({ count }) => count));
  const start = startOf(answer);
  const gap = step > 4 ? 1 : 0;
  const rects = answer.buckets.flatMap(({ startMs, levels }) => {
    const x = Math.round((startMs - start) / answer.bucketMs) * step;
    let y = HEIGHT;
    return STACK.filter((level) => (levels[level] ?? 0) > 0).map((level) => {
      const height = Math.max(1, levels[level] / most * (HEIGHT - 13));
      y -= height;
      return (
        <rect
          key={`${startMs} ${level}`}
          class={`bar level-${level || "none"}`}
          x={x}
          y={y}
          width={Math.max(1, step - gap)}
          height={height}
        />
      );
    });
  });
  const range = countOf(answer) * answer.bucketMs;
  const labels = Math.max(2, Math.floor(width / 130));
  const [low, high] = spanOf(from, at);
  return (
    <svg width={width} height={HEIGHT + 16} aria-hidden="true">
      {at >= 0 && from < 0 && (
        <rect class="hover" x={at * step} y={0} width={step} height={HEIGHT} />
      )}
      {gaps.map(({ fromMs, toMs }) => (
        <rect
          key={fromMs}
          class="gap"
          x={(fromMs - start) / range * width}
          y={0}
          width={Math.max(2, (toMs - fromMs) / range * width)}
          height={HEIGHT}
        />
      ))}
      {rects}
      {from >= 0 && (
        <rect class="span" x={low * step} y={0} width={(high - low + 1) * step} height={HEIGHT} />
      )}
      <line class="axis" x1={0} x2={width} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} />
      <text class="label" x={2} y={9}>{countText(most)}</text>
      {Array.from({ length: labels }, (_, i) => (
        <text
          key={i}
          class="label"
          x={i * width / (labels - 1)}
          y={HEIGHT + 13}
          text-anchor={i === 0 ? "start" : i === labels - 1 ? "end" : "middle"}
        >
          {axisText(start + i / (labels - 1) * range, range, view.value.zone)}
        </text>
      ))}
    </svg>
  );
}
