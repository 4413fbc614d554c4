/**
 * A document as text for a terminal: time, level, host, file, message. Promises: whatever the line holds, it can
 * neither move the cursor nor look like another line: control characters and bidirectional marks are escaped.
 */
import { ClockText } from "../core/reading/clock_text.ts";
import { safeText } from "../core/log.ts";

/** What is read of a document of the API; whatever else it has is left alone. */
export interface ShownDocument {
  _id?: string;
  "@timestamp"?: string;
  message?: string;
  topic?: string;
  "host.name"?: string;
  "log.file.path"?: string;
  "log.file.generation"?: string;
  "log.offset"?: number;
  "log.level"?: string;
  "event.parent"?: string;
  "event.created"?: string;
  /** Characters of the whole message, where only its beginning was sent. */
  cut?: number;
}

export interface TextOptions {
  colour: boolean;
  /** IANA name of the time zone of the times. @default the machine's */
  zone?: string;
}

const INDENT = "    ";
const LEVEL_WIDTH = 5;
const COLOURS: Readonly<Record<string, string>> = {
  trace: "2",
  debug: "2",
  info: "32",
  warn: "33",
  error: "31",
  fatal: "1;31",
};

/** Writes one document after the other; knows which event the line before belonged to. */
export class LineText {
  readonly #colour: boolean;
  readonly #times: ClockText;
  #event = "";

  constructor(options: TextOptions) {
    this.#colour = options.colour;
    this.#times = new ClockText(options.zone);
  }

  /**
   * The lines of one document, each with its line end. A continuation line that stands right behind its event is only
   * indented; one that stands alone has its own time and file as well.
   */
  render(document: ShownDocument): string {
    const parent = document["event.parent"];
    const own = `${document.topic ?? ""} ${parent ?? document._id ?? ""}`;
    const [first, ...more] = (document.message ?? "").split(/\r\n|\n|\r/);
    const rest = more.map((line) => `${INDENT}${plain(line)}\n`).join("");
    const cut = document.cut === undefined
      ? ""
      : `${INDENT}… cut, ${document.cut.toLocaleString("en")} characters in all\n`;
    const follows = parent !== undefined && own === this.#event;
    this.#event = own;
    if (follows) return `${INDENT}${plain(first)}\n${rest}${cut}`;
    const indent = parent === undefined ? "" : INDENT;
    return `${this.#head(document)} ${indent}${plain(first)}\n${rest}${cut}`;
  }

  #head(document: ShownDocument): string {
    const level = document["log.level"] ?? "";
    const name = safeText(level === "" ? "-" : level.toUpperCase(), 20).padEnd(LEVEL_WIDTH);
    return [
      this.#paint("2", this.#time(document["@timestamp"])),
      this.#paint(COLOURS[level] ?? "", name),
      this.#paint("36", safeText(document["host.name"] ?? "-")),
      this.#paint("2", safeText(document["log.file.path"] ?? "-", 4096)),
    ].join(" ");
  }

  #time(text: string | undefined): string {
    const date = new Date(text ?? "");
    if (Number.isNaN(date.getTime())) return safeText(text ?? "-", 40);
    return this.#times.of(date);
  }

  #paint(code: string, text: string): string {
    return this.#colour && code !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

/** A document as one line of JSON. The value is the same; what a terminal would obey is escaped. */
export function jsonText(document: unknown): string {
  return `${safeText(JSON.stringify(document), Infinity)}\n`;
}

/** Tabs become spaces, everything else that is no text is escaped; nothing is cut. */
function plain(text: string): string {
  return safeText(text.replaceAll("\t", INDENT), Infinity);
}
