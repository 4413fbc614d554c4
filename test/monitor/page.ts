/** Reads a page in the text format: for comparing two of them series by series. */

export interface Page {
  /** Family → type. */
  types: Map<string, string>;
  /** Series with its labels in the order of their names → value. */
  series: Map<string, number>;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

/** Throws for a line that is neither a comment nor a sample, and for a series that comes twice. */
export function parsePage(text: string): Page {
  const page: Page = { types: new Map(), series: new Map() };
  for (const line of text.split("\n")) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type !== null) page.types.set(type[1], type[2]);
    if (line === "" || line.startsWith("#")) continue;
    const match = LINE.exec(line);
    if (match === null) throw new Error(`No sample: ${line}`);
    const key = `${match[1]}{${labelsOf(match[2] ?? "").join(",")}}`;
    if (page.series.has(key)) throw new Error(`Twice: ${key}`);
    page.series.set(key, Number(match[3].replace("Inf", "Infinity")));
  }
  return page;
}

function labelsOf(text: string): string[] {
  const labels: string[] = [];
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const at = LABEL.lastIndex;
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`No label at ${at}: ${text}`);
    labels.push(`${match[1]}="${match[2]}"`);
  }
  return labels.sort();
}

/** The metric's name of a series. */
export function nameOf(series: string): string {
  return series.slice(0, series.indexOf("{"));
}

export async function fetchPage(url: string, headers: HeadersInit = {}): Promise<Page> {
  const answer = await fetch(url, { headers });
  return parsePage(await answer.text());
}
