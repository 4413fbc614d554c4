/**
 * Writes the Prometheus text format, or OpenMetrics, as one growing text. prom-client's own writer
 * makes several objects a sample and renames counters for good once OpenMetrics was asked for; a
 * host has a thousand samples a scrape. The number of series is bounded: what goes beyond it is
 * left out and counted.
 */
import type { Registry } from "prom-client";

export type FamilyType = "counter" | "gauge" | "untyped" | "histogram" | "summary";

export const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
export const OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** A page in the making. Samples belong to the family begun last. */
export class Exposition {
  readonly openMetrics: boolean;
  #text = "";
  #name = "";
  #left: number;
  #series = 0;
  #dropped = 0;
  #families = new Set<string>();

  /** `seriesMax`: more samples than these are left out. */
  constructor(openMetrics: boolean, seriesMax: number) {
    this.openMetrics = openMetrics;
    this.#left = seriesMax;
  }

  /** Samples that are on the page, and that were left out. */
  get series(): number {
    return this.#series;
  }
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Begins a family. Counters have names that end in _total; OpenMetrics names their family without
   * it. What a name may not have becomes `_`: some names are read from files.
   */
  family(wanted: string, type: FamilyType, help: string): void {
    const name = NAME.test(wanted) ? wanted : wanted.replace(/[^a-zA-Z0-9_:]/g, "_");
    this.#name = name;
    this.#families.add(name);
    let family = name, shown: string = type;
    if (this.openMetrics) {
      if (type === "counter" && name.endsWith("_total")) family = name.slice(0, -6);
      else if (type === "counter" || type === "untyped") shown = "unknown";
    }
    this.#text += `# HELP ${family} ${escapeHelp(help)}\n# TYPE ${family} ${shown}\n`;
  }

  /** Whether a family of this name was begun. */
  has(name: string): boolean {
    return this.#families.has(name);
  }

  /**
   * A sample, left out where the value is not a number; `labels` as `name="value"` pairs with
   * commas between, made by `label`; "" for none.
   */
  sample(labels: string, value: number, name = this.#name): void {
    if (Number.isNaN(value)) return;
    if (this.#left <= 0) {
      this.#dropped++;
      return;
    }
    this.#left--;
    this.#series++;
    this.#text += labels === ""
      ? `${name} ${number(value)}\n`
      : `${name}{${labels}} ${number(value)}\n`;
  }

  /** A family of one sample without labels; nothing where the value is undefined. */
  single(name: string, type: FamilyType, help: string, value: number | undefined): void {
    if (value === undefined) return;
    this.family(name, type, help);
    this.sample("", value);
  }

  /** Adds every metric of a prom-client registry. */
  async registry(registry: Registry): Promise<void> {
    for (const metric of await registry.getMetricsAsJSON()) {
      this.family(metric.name, metric.type as unknown as FamilyType, metric.help);
      for (const value of metric.values) {
        const labels = Object.entries(value.labels).map(([name, text]) =>
          label(name, String(text))
        );
        this.sample(
          labels.join(","),
          value.value,
          (value as { metricName?: string }).metricName ?? metric.name,
        );
      }
    }
  }

  /** The finished page, with what `more` has behind it. */
  text(more?: Exposition): string {
    const text = more === undefined ? this.#text : this.#text + more.#text;
    return this.openMetrics ? `${text}# EOF\n` : text;
  }
}

/** One label, its value escaped. */
export function label(name: string, value: string): string {
  return `${name}="${
    /[\\"\n]/.test(value)
      ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
      : value
  }"`;
}

/** Several labels in one text. */
export function labels(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs).map(([name, value]) => label(name, value)).join(",");
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

/** Most samples of a program's own figures on a page. */
const OWN_SERIES_MAX = 10_000;

/** A program's own figures as the scraper asks for them: OpenMetrics, or the text format. */
export async function registryPage(
  registry: Registry,
  accept: string,
): Promise<{ text: string; contentType: string }> {
  const openMetrics = /application\/openmetrics-text/.test(accept);
  const out = new Exposition(openMetrics, OWN_SERIES_MAX);
  await out.registry(registry);
  return { text: out.text(), contentType: openMetrics ? OPENMETRICS_TYPE : TEXT_TYPE };
}
