/** A search server over a store with some lines, for the tests of the API and of the page. */
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import { newRegistry } from "../../core/metrics/registry.ts";
import type { DocumentReader, DocumentStore, LogRecord } from "../../core/ports/document_store.ts";
import { pageFiles } from "../../search/page/embedded.ts";
import { createSearchServer, type SearchServerOptions } from "../../search/server.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { MemoryDocumentStore } from "../support/memory_document_store.ts";

export const TOPIC = "shop";
const FILES = [
  { generation: "AAAAAAAAAAAAAAAA", host: "web-1", path: "/var/log/shop/app.log" },
  { generation: "BBBBBBBBBBBBBBBB", host: "web-2", path: "/var/log/shop/db.log" },
];

/**
 * The pages, bundled once before the first test. esbuild ends its process without waiting for its end: on a busy
 * machine the test that bundled them, or the next one, would be told of a process that it left.
 */
const pages = await pageFiles();
for (let looks = 0; looks < 200 && hasChildren(); looks++) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** From Linux's /proc. */
function hasChildren(): boolean {
  return [...Deno.readDirSync("/proc/self/task")].some(({ name }) => {
    try {
      return Deno.readTextFileSync(`/proc/self/task/${name}/children`) !== "";
    } catch {
      return false; // a thread that ended meanwhile
    }
  });
}

/** Time of the first line. */
export const START_MS = Date.UTC(2026, 10, 21, 8, 0, 0);

export type StoreKind = "memory" | "embedded";

export class Site {
  /** Which store the next site gets. */
  static kind: StoreKind = "memory";
  readonly store: DocumentStore;
  readonly #folder: string | undefined;
  readonly server;
  #offsets = FILES.map(() => 0);
  #number = 0;

  constructor(
    options: Partial<SearchServerOptions> = {},
    wrap: (reader: DocumentReader) => DocumentReader = (reader) => reader,
  ) {
    if (Site.kind === "embedded") {
      this.#folder = Deno.makeTempDirSync({ prefix: "weir-page-" });
      this.store = new EmbeddedStore({ folder: this.#folder });
    } else this.store = new MemoryDocumentStore();
    this.server = createSearchServer({
      reader: wrap(this.store),
      listen: "127.0.0.1:0",
      registry: newRegistry("test"),
      page: () => Promise.resolve(pages),
      sources: () => ({
        files: [{ path: FILES[0].path, size: 4000, offset: 3000, topic: TOPIC }],
        problems: [{ path: "/var/log/wtmp", code: "BINARY_FILE", reason: "it is not text" }],
      }),
      ...options,
    });
  }

  static async open(options: Partial<SearchServerOptions> = {}): Promise<Site> {
    const site = new Site(options);
    await site.server.start();
    return site;
  }

  get url(): string {
    return this.server.url;
  }

  /** Adds lines as they are, to the first or second file. */
  async add(texts: readonly string[], file = 0): Promise<void> {
    const records = texts.map((text): LogRecord => {
      const record = recordOf(TOPIC, text, this.#offsets[file], FILES[file]);
      this.#offsets[file] += record.length;
      return record;
    });
    await this.store.write(records);
  }

  /** Adds numbered lines, one a second, of all levels. */
  async addNumbered(count: number): Promise<void> {
    const levels = ["INFO", "INFO", "DEBUG", "INFO", "WARN", "INFO", "ERROR"];
    const texts = Array.from({ length: count }, () => {
      const number = this.#number++;
      const time = new Date(START_MS + number * 1000).toISOString();
      return `${time} ${levels[number % levels.length]} order number=${number} took ${
        number % 50
      } ms`;
    });
    await this.add(texts);
  }

  async get(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(new URL(path, this.url), init);
  }

  async json(path: string): Promise<any> {
    return await (await this.get(path)).json();
  }

  /** Lines of an NDJSON answer. */
  async lines(path: string, headers: Record<string, string> = {}): Promise<any[]> {
    const text = await (await this.get(path, { headers })).text();
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  async close(): Promise<void> {
    await this.server.stop(1000);
    await this.store.close();
    if (this.#folder !== undefined) await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Server-sent events of a connection, one by one. */
export class Events {
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #stop = new AbortController();
  #rest = "";

  private constructor(response: Response, stop: AbortController) {
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    this.#stop = stop;
  }

  static async open(
    site: Site,
    path: string,
    lastEventId?: string,
    more: Record<string, string> = {},
  ): Promise<Events> {
    const stop = new AbortController();
    const headers: Record<string, string> = lastEventId === undefined
      ? more
      : { ...more, "last-event-id": lastEventId };
    const response = await site.get(path, { headers, signal: stop.signal });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return new Events(response, stop);
  }

  /** The next event that is no comment; undefined where the server closed. */
  async next(): Promise<{ id: string; event: string; data: any } | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
        if (field("event") === "") continue;
        return { id: field("id"), event: field("event"), data: JSON.parse(field("data")) };
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#rest += value;
    }
  }

  /** The next event of a kind. */
  async until(event: string): Promise<{ id: string; event: string; data: any }> {
    for (;;) {
      const next = await this.next();
      if (next === undefined) throw new Error(`the stream ended before "${event}"`);
      if (next.event === event) return next;
    }
  }

  close(): void {
    this.#stop.abort();
  }
}
