/**
 * How busy the host was, under the histogram and on its time axis: processors, memory, disks, network as four lines.
 * Hidden where nothing is known of that time, and folded away at a click.
 */
import type { JSX } from "preact";
import { countOf } from "../model/axis.ts";
import { bytesText, percentText } from "../model/format.ts";
import { linePath } from "../model/axis.ts";
import type { TextKey } from "../model/text.ts";
import { histogram, host, hostShown, pointed, showHost, t } from "../state.ts";

const HEIGHT = 20;

interface Strip {
  name: TextKey;
  /** Drawn in this order; the sum of their highest values is the scale where `whole` is missing. */
  lines: readonly string[];
  /** Value at the upper edge. */
  whole?: number;
  text: (value: number) => string;
}

const rate = (value: number) => `${bytesText(value)}/s`;
const STRIPS: readonly Strip[] = [
  { name: "cpu", lines: ["cpu"], whole: 1, text: percentText },
  { name: "memory", lines: ["memory"], whole: 1, text: percentText },
  { name: "disk", lines: ["diskRead", "diskWrite"], text: rate },
  { name: "network", lines: ["netIn", "netOut"], text: rate },
];

export function HostStrip({ width }: { width: number }): JSX.Element | null {
  const answer = host.value, axis = histogram.value;
  const figures = answer?.figures;
  if (figures === undefined || axis === undefined || countOf(axis) === 0) return null;
  const shown = hostShown.value;
  return (
    <section class="host" aria-label={t("hostFigures", { host: answer!.host })}>
      <button
        type="button"
        class="plain"
        aria-expanded={shown}
        onClick={() => showHost(!shown)}
      >
        {shown ? "▾" : "▸"} {t("hostFigures", { host: answer!.host })}
      </button>
      {shown &&
        STRIPS.map((strip) => (
          <StripRow key={strip.name} strip={strip} figures={figures} width={width} />
        ))}
    </section>
  );
}

function StripRow({ strip, figures, width }: {
  strip: Strip;
  figures: Readonly<Record<string, readonly (number | null)[]>>;
  width: number;
}) {
  const series = strip.lines.map((name) => figures[name] ?? []);
  const known = series.flat().filter((value): value is number => value !== null);
  if (known.length === 0) return null;
  const most = Math.max(...known);
  const steps = series[0].length;
  const at = pointed.value < 0 ? -1 : Math.min(steps - 1, Math.floor(pointed.value * steps));
  const values = at >= 0 ? series.map((one) => one[at] ?? null) : series.map(last);
  const text = values.map((value) => value === null ? "–" : strip.text(value)).join(" · ");
  const label = t("figure", { name: t(strip.name), now: text, most: strip.text(most) });
  return (
    <div class="strip" role="img" aria-label={label} title={label}>
      <svg width={width} height={HEIGHT} aria-hidden="true">
        {series.map((one, i) => (
          <path
            key={i}
            class={`figure line-${i}`}
            d={linePath(one, strip.whole ?? Math.max(most, 1), width, HEIGHT)}
          />
        ))}
        {at >= 0 && (
          <line
            class="now"
            x1={pointed.value * width}
            x2={pointed.value * width}
            y1={0}
            y2={HEIGHT}
          />
        )}
      </svg>
      <span class="what" aria-hidden="true">{t(strip.name)} {text}</span>
    </div>
  );
}

function last(values: readonly (number | null)[]): number | null {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null) return values[i];
  return null;
}
