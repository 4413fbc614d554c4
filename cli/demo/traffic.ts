/**
 * The demo's log lines: a small shop's nginx, JSON services, Java orders and hosts, with busy minutes, bursts and a
 * scripted incident. Promises: pure; the lines of one second depend on the options and that second alone, so that the
 * same seed and start give the same bytes, in whatever pieces they are asked for.
 */
import {
  accessLine,
  javaLine,
  jsonLine,
  nginxErrorLine,
  type OffsetMinutes,
  stackTrace,
  syslogLine,
} from "./formats.ts";
import { hostEvents, type Incident, incidentAt } from "./incident.ts";
import { Random } from "./random.ts";

export interface TrafficOptions {
  seed: number;
  /** First second of the demo's time, ms since 1970; whole seconds. */
  startMs: number;
  /** Lines a second, on average and about, outside of bursts and incidents. */
  rate: number;
  offset: OffsetMinutes;
}

export interface DemoLine {
  /** Path below the folder of the logs. */
  file: string;
  timeMs: number;
  /** One line, or a line with its stack trace; no line end behind it. */
  text: string;
}

export const FILES = {
  access: "nginx/access.log",
  errors: "nginx/error.log",
  checkout: "services/checkout.log",
  payments: "services/payments.log",
  inventory: "services/inventory.log",
  orders: "orders/orders.log",
  system: "hosts/syslog",
} as const;

const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Safari/604.1",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
  "okhttp/4.12.0",
  "curl/8.14.1",
];
const PAGES = ["/", "/products", "/cart", "/search", "/static/app.js", "/login", "/account"];
const CITIES = ["Berlin", "杭州", "Lyon", "Zürich", "Osaka"];
/** Lines that one visit makes on average; the number of visits follows from it. */
const LINES_PER_VISIT = 2;

/** The lines of one second, in the order of their times; each has the time of its millisecond. */
export function linesOf(options: TrafficOptions, second: number): DemoLine[] {
  return new Second(options, second).lines();
}

class Second {
  readonly #random: Random;
  readonly #options: TrafficOptions;
  readonly #fromMs: number;
  readonly #second: number;
  readonly #incident: Incident;
  readonly #made: DemoLine[] = [];

  constructor(options: TrafficOptions, second: number) {
    this.#options = options;
    this.#second = second;
    this.#fromMs = options.startMs + second * 1000;
    this.#random = new Random(options.seed, second);
    this.#incident = incidentAt(second);
  }

  lines(): DemoLine[] {
    for (const [program, text] of hostEvents(this.#incident)) this.#host("db-1", program, text);
    const visits = this.#visits();
    for (let i = 0; i < visits; i++) this.#visit(this.#fromMs + this.#random.integer(1000));
    if (this.#incident.phase === "recovery") this.#recovery();
    if (this.#random.chance(0.1)) this.#routine();
    // Stable: what was made in order stays so within a millisecond.
    return this.#made.sort((a, b) => a.timeMs - b.timeMs);
  }

  /** More and fewer over five minutes, a burst now and then, retries while the disk is full. */
  #visits(): number {
    const wave = 1 + 0.4 * Math.sin(this.#second / 300 * 2 * Math.PI);
    const minute = new Random(this.#options.seed, Math.floor(this.#second / 20), 7);
    const burst = minute.chance(0.05) ? 4 : 1;
    const retries = this.#incident.phase === "full" ? 1.5 : 1;
    const wanted = this.#options.rate / LINES_PER_VISIT * wave * burst * retries;
    // The fraction of a visit is one by chance, so that small rates are met, too.
    return Math.floor(wanted + this.#random.fraction());
  }

  #visit(timeMs: number): void {
    const random = this.#random;
    const roll = random.fraction();
    if (roll < 0.45) {
      const page = random.pick(PAGES);
      const status = random.chance(0.03) ? 404 : random.chance(0.1) ? 304 : 200;
      this.#access(
        timeMs,
        "GET",
        status === 404 ? `/products/${random.integer(900)}/old` : page,
        status,
      );
    } else if (roll < 0.75) this.#product(timeMs);
    else this.#order(timeMs);
  }

  #product(timeMs: number): void {
    const random = this.#random;
    const id = 1000 + random.skewed(5000);
    this.#access(timeMs, "GET", `/products/${id}`, 200);
    const slow = random.chance(0.04);
    this.#json(
      FILES.inventory,
      timeMs + 3,
      slow ? "warn" : random.chance(0.3) ? "debug" : "info",
      slow ? "slow query" : "stock looked up",
      {
        product: id,
        in_stock: random.skewed(200),
        duration_ms: slow ? 800 + random.integer(900) : 1 + random.skewed(40),
        trace_id: random.hex(16),
      },
    );
  }

  /** One order through all the services, under one trace_id. */
  #order(timeMs: number): void {
    const random = this.#random;
    const trace = random.hex(16), order = 100_000 + random.integer(900_000);
    const amount = Number((5 + random.skewed(40_000) / 100).toFixed(2));
    const fields = { order, amount, city: random.pick(CITIES), trace_id: trace };
    this.#json(FILES.checkout, timeMs, "info", "order received", fields);
    if (this.#incident.phase === "full" && random.chance(0.85)) {
      return this.#failedOrder(timeMs, order, trace);
    }
    const declined = random.chance(0.03);
    this.#json(
      FILES.payments,
      timeMs + 8,
      declined ? "warn" : "info",
      declined ? "card declined" : random.chance(0.3) ? "支付成功" : "payment accepted",
      {
        ...fields,
        provider: random.pick(["visa", "mastercard", "alipay"]),
        duration_ms: 20 + random.skewed(400),
      },
    );
    this.#java(
      timeMs + 20,
      declined ? "WARN" : "INFO",
      "OrderService",
      declined
        ? `order ${order} cancelled, trace ${trace}`
        : `order ${order} placed in ${5 + random.skewed(90)} ms, trace ${trace}`,
    );
    this.#access(timeMs + 25, "POST", "/api/orders", declined ? 402 : 201);
  }

  #failedOrder(timeMs: number, order: number, trace: string): void {
    const random = this.#random;
    const reason = "could not extend file: No space left on device";
    this.#java(
      timeMs + 15,
      "ERROR",
      "OrderService",
      `cannot store order ${order}, trace ${trace}`,
      stackTrace(
        "OrderNotStoredException: insert failed",
        `org.postgresql.util.PSQLException: ERROR: ${reason}`,
        order,
      ),
    );
    this.#json(
      FILES.checkout,
      timeMs + 18,
      "error",
      "order failed, the customer was told to try again",
      {
        order,
        upstream: "orders",
        status: 500,
        error: reason,
        trace_id: trace,
      },
    );
    const late = random.chance(0.3);
    if (late) {
      this.#add(
        FILES.errors,
        timeMs + 20,
        nginxErrorLine(
          timeMs + 20,
          this.#options.offset,
          order,
          `upstream timed out (110: Connection timed out) while reading response header from upstream, ` +
            `client: ${this.#address()}, server: shop.example, request: "POST /api/orders HTTP/1.1"`,
        ),
      );
    }
    this.#access(timeMs + 22, "POST", "/api/orders", late ? 504 : 500);
  }

  #recovery(): void {
    const { second } = this.#incident;
    if (second === 3) {
      this.#java(this.#fromMs, "WARN", "OrderStore", "database writable again, connecting anew");
    }
    if (second === 5) {
      this.#java(this.#fromMs, "INFO", "ConnectionPool", "pool is full again: 20 connections");
    }
    if (second === 8) {
      this.#json(FILES.checkout, this.#fromMs, "info", "circuit breaker closed", {
        upstream: "orders",
      });
    }
    if (second === 40) {
      this.#json(FILES.checkout, this.#fromMs, "info", "error rate is normal again", {});
    }
  }

  #routine(): void {
    const random = this.#random;
    const host = random.pick(["web-1", "web-2", "db-1"]);
    const roll = random.fraction();
    if (roll < 0.5) {
      this.#host(
        host,
        `sshd[${1000 + random.integer(30_000)}]`,
        `Failed password for invalid user ${random.pick(["admin", "test", "oracle"])} from ` +
          `${this.#address()} port ${1024 + random.integer(60_000)} ssh2`,
      );
    } else if (roll < 0.8) {
      this.#host(
        host,
        `CRON[${1000 + random.integer(30_000)}]`,
        "(root) CMD (run-parts /etc/cron.hourly)",
      );
    } else this.#host(host, "systemd[1]", "Started Session of User deploy.");
  }

  #access(timeMs: number, method: string, path: string, status: number): void {
    const random = this.#random;
    this.#add(
      FILES.access,
      timeMs,
      accessLine(timeMs, this.#options.offset, {
        address: this.#address(),
        method,
        path,
        status,
        bytes: status === 304 ? 0 : 200 + random.skewed(60_000),
        referer: random.chance(0.4) ? "-" : "https://shop.example/",
        agent: random.pick(AGENTS),
      }),
    );
  }

  /** Addresses that are kept for documentation. */
  #address(): string {
    return `${this.#random.pick(["203.0.113", "198.51.100", "192.0.2"])}.${
      this.#random.skewed(254) + 1
    }`;
  }

  #json(
    file: string,
    timeMs: number,
    level: string,
    message: string,
    fields: Record<string, unknown>,
  ) {
    const service = file.replace(/^.*\/|\.log$/g, "");
    this.#add(file, timeMs, jsonLine(timeMs, level, service, message, fields));
  }

  #java(timeMs: number, level: string, name: string, text: string, trace: string[] = []): void {
    const first = javaLine(timeMs, this.#options.offset, level, name, text);
    this.#add(FILES.orders, timeMs, [first, ...trace].join("\n"));
  }

  #host(host: string, program: string, text: string): void {
    this.#add(
      FILES.system,
      this.#fromMs,
      syslogLine(this.#fromMs, this.#options.offset, host, program, text),
    );
  }

  /** A request may end in the next second; its lines stay in this one, so that seconds follow one another. */
  #add(file: string, timeMs: number, text: string): void {
    this.#made.push({ file, timeMs, text });
  }
}
