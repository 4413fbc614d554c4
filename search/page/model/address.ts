/** All that is shown stands in the address: query, time range, columns, the chosen line. Times stay as they were typed. */

/** Whose clock the times are shown by: the browser's, UTC, or that of the host on which Weir runs. */
export type Zone = "local" | "utc" | "host";

export function zoneOf(text: string): Zone {
  return text === "utc" || text === "host" ? text : "local";
}

export interface View {
  q: string;
  since: string;
  until: string;
  /** Place of the chosen line; the page opens around it. */
  line: string;
  columns: string[];
  /** Widths of columns in pixels, where somebody chose them. */
  widths: Record<string, number>;
  wrap: boolean;
  zone: Zone;
  /** Higher rows. */
  roomy: boolean;
  /** Words that are coloured without filtering. */
  mark: string;
  /** The archive is searched, too. */
  archive: boolean;
}

export const COLUMNS_DEFAULT: readonly string[] = ["host.name", "log.file.path"];

export const WIDTH_MIN = 40;
export const WIDTH_MAX = 1200;

export const VIEW_DEFAULT: View = {
  q: "",
  since: "",
  until: "",
  line: "",
  columns: [...COLUMNS_DEFAULT],
  widths: {},
  wrap: false,
  zone: "local",
  roomy: false,
  mark: "",
  archive: false,
};

export function viewOf(search: string): View {
  const values = new URLSearchParams(search);
  const columns = values.get("columns");
  return {
    q: values.get("q") ?? "",
    since: values.get("since") ?? "",
    until: values.get("until") ?? "",
    line: values.get("line") ?? "",
    columns: columns === null
      ? [...COLUMNS_DEFAULT]
      : columns.split(",").filter((name) => name !== "").slice(0, 20),
    widths: widthsOf(values.get("widths") ?? ""),
    wrap: values.get("wrap") === "1",
    zone: zoneOf(values.get("zone") ?? ""),
    roomy: values.get("roomy") === "1",
    mark: values.get("mark") ?? "",
    archive: values.get("archive") === "1",
  };
}

/** Of "host.name~120,user~80"; whatever is no width is left out. */
function widthsOf(text: string): Record<string, number> {
  const pairs = text.split(",").slice(0, 20).flatMap((one): [string, number][] => {
    const match = /^(.+)~(\d{1,4})$/.exec(one);
    const width = Number(match?.[2]);
    return match !== null && width >= WIDTH_MIN && width <= WIDTH_MAX ? [[match[1], width]] : [];
  });
  return Object.fromEntries(pairs);
}

/** The query part of the address, "" for the default view; defaults are left out. */
export function addressOf(view: View): string {
  const values = new URLSearchParams();
  if (view.q !== "") values.set("q", view.q);
  if (view.since !== "") values.set("since", view.since);
  if (view.until !== "") values.set("until", view.until);
  if (view.columns.join() !== COLUMNS_DEFAULT.join()) values.set("columns", view.columns.join());
  const widths = Object.entries(view.widths).map(([name, width]) => `${name}~${width}`);
  if (widths.length > 0) values.set("widths", widths.join());
  if (view.wrap) values.set("wrap", "1");
  if (view.zone !== "local") values.set("zone", view.zone);
  if (view.roomy) values.set("roomy", "1");
  if (view.mark !== "") values.set("mark", view.mark);
  if (view.archive) values.set("archive", "1");
  if (view.line !== "") values.set("line", view.line);
  const text = values.toString();
  return text === "" ? "" : `?${text}`;
}
