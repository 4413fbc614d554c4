/**
 * Our own log: one line an event on standard error, the message constant, everything variable a field. Text on a
 * terminal, JSON lines elsewhere. Text that came from a file or the network is cut to 200 characters and its
 * control characters are escaped, so that a hostile line can neither move the cursor nor forge an entry.
 */
import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";

export type { Logger };

export interface LogOptions {
  /** @default {"info"} */
  level?: "debug" | "info" | "warning" | "error";
  /** @default "text" on a terminal, else "json" */
  format?: "text" | "json";
  /** Where finished lines go, with their line end. @default standard error */
  write?: (line: string) => void;
  /** The same message of the same part is written at most this often; the rest is counted. @default {1000} */
  repeatMs?: number;
}

/** Sets up the log of this process; called once by each main.ts, before anything is logged. */
export function startLog(options: LogOptions = {}): void {
  const encoder = new TextEncoder();
  const write = options.write ?? ((line: string) => {
    Deno.stderr.writeSync(encoder.encode(line));
  });
  const format = options.format ?? (Deno.stderr.isTerminal() ? "text" : "json");
  const render = format === "json" ? jsonLine : textLine;
  const limit = repeatLimiter(options.repeatMs ?? 1000);
  configureSync({
    reset: true,
    sinks: {
      out: (record: LogRecord) => {
        const held = limit(record);
        if (held >= 0) write(render(record, held));
      },
    },
    loggers: [
      { category: "weir", lowestLevel: options.level ?? "info", sinks: ["out"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["out"] },
    ],
  });
}

/** The log of one part, such as "agent.tail". */
export function logOf(part: string): Logger {
  return getLogger(["weir", ...part.split(".")]);
}

/** Escapes control characters and bidirectional marks, and cuts to `max` characters. */
export function safeText(text: string, max = 200): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  // deno-lint-ignore no-control-regex
  return cut.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => {
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
    },
  );
}

/** Returns how many repeats were held back before this one, or -1 where this one is to be held back. */
function repeatLimiter(repeatMs: number): (record: LogRecord) => number {
  const seen = new Map<string, { at: number; held: number }>();
  return (record) => {
    const key = `${record.category.join(".")} ${record.rawMessage}`;
    const last = seen.get(key);
    if (last !== undefined && record.timestamp - last.at < repeatMs) {
      last.held++;
      return -1;
    }
    const held = last?.held ?? 0;
    if (seen.size > 1000) seen.clear();
    seen.set(key, { at: record.timestamp, held: 0 });
    return held;
  };
}

function fieldsOf(record: LogRecord, held: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record.properties)) {
    fields[key] = typeof value === "string"
      ? safeText(value, 2000)
      : value instanceof Error
      ? safeText(value.message, 2000)
      : value;
  }
  if (held > 0) fields.repeats = held;
  return fields;
}

function messageText(record: LogRecord): string {
  return safeText(
    typeof record.rawMessage === "string" ? record.rawMessage : record.message.join(""),
    2000,
  );
}

function jsonLine(record: LogRecord, held: number): string {
  return JSON.stringify({
    "@timestamp": new Date(record.timestamp).toISOString(),
    "log.level": record.level,
    part: record.category.slice(1).join("."),
    message: messageText(record),
    ...fieldsOf(record, held),
  }) + "\n";
}

function textLine(record: LogRecord, held: number): string {
  const time = new Date(record.timestamp).toISOString().slice(11, 23);
  const fields = Object.entries(fieldsOf(record, held))
    .map(([key, value]) =>
      ` ${key}=${typeof value === "string" ? JSON.stringify(value) : String(value)}`
    ).join("");
  return `${time} ${record.level.padEnd(7)} ${record.category.slice(1).join(".")}: ${
    messageText(record)
  }${fields}\n`;
}
