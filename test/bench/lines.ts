/**
 * The lines that the benchmarks read: made from a seed, so that every run and every program gets
 * the same bytes. Half are access-log lines, nearly half JSON lines, the rest Java lines with stack
 * traces and syslog; about 219 bytes each, in time order. Promises: the same options give the same
 * bytes on every machine; whoever uses them prints `describe()`, which names seed and SHA-256.
 */
import { createHash } from "node:crypto";
import { randomOf } from "../support/random.ts";

export interface LinesOptions {
  /** Lines to make, 1 and more. */
  lines: number;
  /** @default {20261121} */
  seed?: number;
  /** Time of the first line, ms since 1970. @default 2026-11-20T00:00:00Z */
  startMs?: number;
  /** The lines are spread over this time. @default {86_400_000} */
  spanMs?: number;
}

export interface LinesMade {
  lines: number;
  bytes: number;
  seed: number;
  sha256: string;
}

/** A word that stands in one line of 200,000 and nowhere else. */
export const RARE_WORD = "quetzalcoatl";
/** A phrase that stands in about half of the lines, in every block. */
export const COMMON_PHRASE = "GET /api/v1/";
/** Has to look at every line: no literal word that a filter could use. */
export const REGEXP = "/[a-z]+/\\d{4}7\\?page=\\d+ ";

const PIECE_BYTES = 1 << 20;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Safari/604.1",
  "okhttp/4.12.0",
  "Go-http-client/2.0",
  "python-requests/2.32.3",
];
const ITEMS = ["users", "orders", "carts", "items", "prices", "sessions", "invoices", "events"];
const SERVICES = ["checkout", "inventory", "payments", "search", "gateway"];
const MESSAGES = [
  "request finished",
  "cache miss, reading from the database",
  "message taken from the queue",
  "connection returned to the pool",
  "retrying after a timeout of the upstream",
  "token refreshed",
];
const CLASSES = ["OrderService", "PaymentClient", "StockRepository", "SessionFilter", "MailJob"];

/**
 * Makes the lines and hands them on in pieces of about 1 MB, each ending with a whole line. `each`
 * may keep the piece. Returns what was made.
 */
export function makeLines(options: LinesOptions, each: (piece: Uint8Array) => void): LinesMade {
  const seed = options.seed ?? 20261121;
  const maker = new LineMaker(randomOf(seed));
  const startMs = options.startMs ?? Date.UTC(2026, 10, 20);
  const stepMs = (options.spanMs ?? 86_400_000) / options.lines;
  const hash = createHash("sha256");
  const encoder = new TextEncoder();
  let text = "", made = 0, bytes = 0;
  const flush = () => {
    const piece = encoder.encode(text);
    hash.update(piece);
    bytes += piece.length;
    text = "";
    each(piece);
  };
  while (made < options.lines) {
    const line = made % 200_000 === 100_003
      ? maker.rare(startMs + made * stepMs)
      : maker.next(startMs + made * stepMs);
    text += line + "\n";
    made++;
    if (text.length >= PIECE_BYTES) flush();
  }
  if (text !== "") flush();
  return { lines: made, bytes, seed, sha256: hash.digest("hex") };
}

/** One line that says which bytes were used. */
export function describe(made: LinesMade): string {
  const average = (made.bytes / made.lines).toFixed(1);
  return `${made.lines} lines, ${made.bytes} bytes, ${average} B a line, seed ${made.seed}, ` +
    `SHA-256 ${made.sha256}`;
}

/** Makes one line after the other; a stack trace is several lines. */
class LineMaker {
  readonly #random: () => number;
  #pending: string[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  next(timeMs: number): string {
    const waiting = this.#pending.shift();
    if (waiting !== undefined) return waiting;
    const kind = this.#random();
    if (kind < 0.51) return this.#access(timeMs);
    if (kind < 0.97) return this.#json(timeMs);
    if (kind < 0.985) return this.#java(timeMs);
    return this.#syslog(timeMs);
  }

  rare(timeMs: number): string {
    return this.#json(timeMs, `${RARE_WORD} seen in the journal`);
  }

  #int(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** Small numbers often, large ones seldom. */
  #skewed(below: number): number {
    return Math.floor(this.#random() ** 3 * below);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#skewed(from.length)];
  }

  #address(): string {
    const host = this.#skewed(4000);
    return `10.${host % 7}.${(host >> 4) & 255}.${host & 255}`;
  }

  #path(): string {
    const page = this.#random() < 0.3 ? `?page=${this.#skewed(40)}` : "";
    return `/api/v1/${this.#pick(ITEMS)}/${10000 + this.#skewed(80000)}${page}`;
  }

  #status(): number {
    const at = this.#random();
    return at < 0.9 ? 200 : at < 0.95 ? 304 : at < 0.99 ? 404 : 503;
  }

  #access(timeMs: number): string {
    const t = new Date(timeMs);
    const two = (value: number) => String(value).padStart(2, "0");
    const stamp = `${two(t.getUTCDate())}/${MONTHS[t.getUTCMonth()]}/${t.getUTCFullYear()}:` +
      `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())} +0000`;
    const method = this.#random() < 0.85 ? "GET" : "POST";
    const referer = this.#random() < 0.4 ? "-" : `https://shop.example/${this.#pick(ITEMS)}`;
    return `${this.#address()} - - [${stamp}] "${method} ${this.#path()} HTTP/1.1" ` +
      `${this.#status()} ${this.#skewed(60000)} "${referer}" "${this.#pick(AGENTS)}"`;
  }

  #hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.#int(65536).toString(16).padStart(4, "0");
    return text;
  }

  #json(timeMs: number, message = this.#pick(MESSAGES)): string {
    const at = this.#random();
    return JSON.stringify({
      time: new Date(timeMs).toISOString(),
      level: at < 0.03 ? "error" : at < 0.1 ? "warn" : at < 0.8 ? "info" : "debug",
      service: this.#pick(SERVICES),
      msg: message,
      method: "GET",
      path: this.#path(),
      user_id: this.#skewed(50000),
      status: this.#status(),
      duration_ms: this.#skewed(3000),
      trace_id: this.#hex(16),
      host: `web-${this.#skewed(12)}`,
      region: "eu-central-1",
    });
  }

  #java(timeMs: number): string {
    const stamp = new Date(timeMs).toISOString().slice(0, 23).replace("T", " ").replace(".", ",");
    const name = this.#pick(CLASSES);
    const thread = `[http-nio-8080-exec-${this.#int(40)}]`;
    if (this.#random() < 0.8) {
      return `${stamp} INFO ${thread} com.example.shop.${name}: order ${this.#int(90000)} ` +
        `was handled in ${this.#skewed(900)} ms, ${this.#int(9)} items, warehouse ${this.#int(5)}`;
    }
    this.#pending = [
      `java.lang.IllegalStateException: no stock for item ${this.#int(90000)}`,
      ...Array.from({ length: 6 }, () => {
        const at = this.#pick(CLASSES);
        return `\tat com.example.shop.${at}.handle(${at}.java:${20 + this.#int(300)})`;
      }),
      "Caused by: java.net.SocketTimeoutException: Read timed out",
      "\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)",
      "\t... 12 more",
    ];
    return `${stamp} ERROR ${thread} com.example.shop.${name}: Cannot finish the order`;
  }

  #syslog(timeMs: number): string {
    const t = new Date(timeMs);
    const stamp = `${MONTHS[t.getUTCMonth()]} ${String(t.getUTCDate()).padStart(2)} ` +
      t.toISOString().slice(11, 19);
    return `${stamp} web-${this.#skewed(12)} sshd[${this.#int(32000)}]: Failed password for ` +
      `invalid user ${DAYS[t.getUTCDay()].toLowerCase()}${this.#int(100)} from ` +
      `${this.#address()} port ${1024 + this.#int(60000)} ssh2`;
  }
}
