/**
 * Lines of random days lie in the index, in the archive, or in both; whatever is asked, page by page, each line that fits
 * comes once, in order, and says where it was found: as if all of them were in one index.
 */
import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { COLUMNS } from "../../core/archive/columns.ts";
import { dataName } from "../../core/archive/names.ts";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import type { Document, DocumentReader, SearchRequest } from "../../core/ports/document_store.ts";
import { dayOf, uidOf } from "../../core/record/identity.ts";
import { UNNAMED } from "../access/identity.ts";
import { compareLines, isBehind } from "../elastic/order.ts";
import { compileMatch } from "../query/match.ts";
import { parseQuery } from "../query/parse.ts";
import {
  type ArchiveBounds,
  type ArchiveEnd,
  type ArchiveRequest,
  ArchiveSearch,
} from "./archive.ts";

const START_MS = Date.UTC(2026, 10, 1), HOUR_MS = 3600e3, DAY_MS = 24 * HOUR_MS;
const BOUNDS: ArchiveBounds = {
  days: 100,
  bytes: 2 ** 30,
  timeout: 60_000,
  lateDays: 1,
  searches: 1,
};
const GENERATIONS = ["AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCC"];
const WORDS = ["connect", "timeout", "größe", "出错", "user=7"];

interface Line {
  document: Document;
  /** When it was read. */
  day: string;
  index: boolean;
  archived: boolean;
  /** In which of the day's objects. */
  object: number;
}

/** The lines' reader that every store is compared with. */
class ArrayReader implements Partial<DocumentReader> {
  readonly #documents: Document[];

  constructor(documents: Document[]) {
    this.#documents = documents;
  }

  async *search(request: SearchRequest): AsyncGenerator<Document[]> {
    await Promise.resolve();
    const found = expected(this.#documents, request);
    for (let at = 0; at < found.length; at += 3) yield found.slice(at, at + 3);
  }
}

const place = (document: Document) => ({ timeMs: Date.parse(document["@timestamp"]), document });

function expected(documents: Document[], request: SearchRequest): Document[] {
  const { query, order, fromMs = -Infinity, toMs = Infinity, after, limit } = request;
  const fits = compileMatch(query), sign = order === "newest" ? -1 : 1;
  return documents.map(place)
    .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
    .filter((one) => fits(one.document) && (after === undefined || isBehind(one, after, order)))
    .sort((a, b) => sign * compareLines(a, b))
    .map(({ document }) => document).slice(0, limit);
}

function parquetOf(documents: Document[], rowGroupSize: number): Uint8Array {
  const rows = documents as unknown as Record<string, unknown>[];
  const data = (field: string, make: (value: unknown) => unknown) =>
    rows.map((row) => row[field] === undefined ? null : make(row[field]));
  return new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: "uid", type: "STRING" as const, data: data("_id", String) },
      ...COLUMNS.times.map(([field, name]) => ({
        name,
        type: "TIMESTAMP" as const,
        data: data(field, (value) => new Date(String(value))),
      })),
      ...COLUMNS.texts.map(([field, name]) => ({
        name,
        type: "STRING" as const,
        data: data(field, String),
      })),
      ...COLUMNS.numbers.map(([field, name]) => ({
        name,
        type: "INT64" as const,
        data: data(field, (value) => BigInt(value as number)),
      })),
      { name: "fields", type: "STRING" as const, data: data("fields", JSON.stringify) },
    ].map((one) => ({ ...one, nullable: true })),
    rowGroupSize,
    codec: "ZSTD",
    compressors: { ZSTD: (bytes) => new Uint8Array(zstdCompressSync(bytes)) },
  }));
}

/** Writes what is archived: some objects as Parquet, some as NDJSON, and one that holds lines of others again. */
async function archiveOf(folder: string, lines: Line[]): Promise<FolderObjects> {
  const store = new FolderObjects(folder), objects = new Map<string, Document[]>();
  for (const { document, day, object, archived } of lines) {
    if (!archived) continue;
    const key = `${document.topic}/${day}/${object}`;
    objects.set(key, [...objects.get(key) ?? [], document]);
  }
  await store.put("topic=empty/none", new Uint8Array());
  for (const [key, documents] of objects) {
    const [topic, day, object] = key.split("/"), at = Number(object) * 1000;
    if (object !== "1") {
      await store.put(dataName(topic, day, 0, at, at + 1000, "parquet"), parquetOf(documents, 4));
    }
    if (object === "0") continue;
    const text = documents.map((one) => JSON.stringify(one)).join("\n");
    await store.put(
      dataName(topic, day, 0, at, at + (object === "2" ? 999 : 1000), "ndjson"),
      zstdCompressSync(new TextEncoder().encode(text)),
    );
  }
  return store;
}

const lineArbitrary = fc.record({
  hours: fc.integer({ min: 0, max: 7 * 24 }),
  ms: fc.integer({ min: 0, max: 2 }),
  lateHours: fc.integer({ min: -20, max: 20 }),
  topic: fc.constantFrom("web", "shop.orders"),
  generation: fc.constantFrom(...GENERATIONS),
  word: fc.constantFrom(...WORDS),
  level: fc.constantFrom(undefined, "info", "error"),
  where: fc.constantFrom("index", "archive", "both"),
  object: fc.integer({ min: 0, max: 2 }),
});

interface Made {
  hours: number;
  ms: number;
  lateHours: number;
  topic: string;
  generation: string;
  word: string;
  level: string | undefined;
  where: string;
  object: number;
}

function linesOf(made: Made[]): Line[] {
  return made.map((one, i) => {
    const timeMs = START_MS + one.hours * HOUR_MS + one.ms,
      readMs = timeMs + one.lateHours * HOUR_MS;
    const time = new Date(timeMs).toISOString(), offset = i * 10;
    return {
      document: {
        _id: uidOf(one.generation, offset, offset + 10),
        "@timestamp": time,
        message: `${time} ${one.word} number ${i}`,
        topic: one.topic,
        "host.name": "a1",
        "log.file.path": "/var/log/a.log",
        "log.file.generation": one.generation,
        "log.offset": offset,
        "log.length": 10,
        ...(one.level === undefined ? {} : { "log.level": one.level }),
        "event.created": new Date(readMs).toISOString(),
        "event.dataset": one.topic,
        ...(i % 3 === 0 && { fields: { user: String(i % 5) } }),
      },
      day: dayOf(readMs),
      index: one.where !== "archive",
      archived: one.where !== "index",
      object: one.object,
    };
  });
}

interface Answer {
  found: Document[];
  end: ArchiveEnd;
}

async function run(
  search: ArchiveSearch,
  request: ArchiveRequest,
  topics?: string[],
): Promise<Answer> {
  const found: Document[] = [], identity = { ...UNNAMED, ...(topics && { topics }) };
  const { signal } = new AbortController();
  for await (const event of search.search(request, identity, signal, () => false)) {
    if (event.kind === "documents") found.push(...event.documents);
    if (event.kind === "end") return { found, end: event.end };
  }
  throw new Error("The search did not say how it ended");
}

const plain = (document: Document) => ({
  ...document,
  ...(document.fields && { fields: { ...document.fields } }),
});

async function withSearch(
  lines: Line[],
  bounds: Partial<ArchiveBounds>,
  test: (search: ArchiveSearch) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const index = lines.filter((one) => one.index).map(({ document }) => document);
    const store = await archiveOf(folder, lines);
    const reader = new ArrayReader(index) as unknown as DocumentReader;
    await test(new ArchiveSearch(store, reader, { ...BOUNDS, ...bounds }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a search of index and archive finds what one index would, page by page", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(lineArbitrary, { maxLength: 60 }),
      fc.constantFrom(
        "",
        "connect",
        "level:error",
        "topic:web timeout",
        "NOT topic:web",
        "user:2",
        "出错 OR größe",
      ),
      fc.constantFrom<"newest" | "oldest">("newest", "oldest"),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 1, max: 100 }),
      async (made, q, order, limit, fromHours, hours) => {
        const lines = linesOf(made), all = lines.map(({ document }) => document);
        await withSearch(lines, {}, async (search) => {
          const fromMs = START_MS + fromHours * HOUR_MS;
          const range = { query: parseQuery(q), order, fromMs, toMs: fromMs + hours * HOUR_MS };
          const wanted = expected(all, { ...range, limit: 1000 });
          const found: Document[] = [];
          for (let pages = 0; pages < 100; pages++) {
            const last = found.at(-1);
            const after = last && {
              timestampMs: Date.parse(last["@timestamp"]),
              generation: last["log.file.generation"],
              offset: last["log.offset"],
              topic: last.topic,
            };
            const page = await run(search, { ...range, limit, ...(after && { after }) });
            found.push(...page.found);
            assert.equal(page.found.length < limit, page.end.why === "complete");
            if (page.end.why === "complete") break;
          }
          const inIndex = new Set(
            lines.filter(({ index }) => index).map((one) => one.document._id),
          );
          assert.deepEqual(
            found.map(plain),
            wanted.map((one) => inIndex.has(one._id) ? one : { ...one, archived: true as const })
              .map(plain),
          );
        });
      },
    ),
    { numRuns: 30 },
  );
});

const archivedLine = (hours: number, more: Partial<{ topic: string; lateHours: number }> = {}) => ({
  hours,
  ms: 0,
  lateHours: 0,
  topic: "web",
  generation: GENERATIONS[0],
  word: WORDS[0],
  level: undefined,
  where: "archive",
  object: 0,
  ...more,
});
const ALL = { query: parseQuery(""), order: "newest", limit: 1000 } as const;

Deno.test("more days than the bound: the newest wholly, and where to go on", async () => {
  const lines = linesOf(Array.from({ length: 20 }, (_, day) => archivedLine(day * 24 + 12)));
  await withSearch(lines, { days: 6 }, async (search) => {
    const found: string[] = [];
    let until: string | null = null, asked = 0;
    for (;;) {
      const { found: some, end } = await run(search, {
        ...ALL,
        ...(until === null ? {} : { toMs: Date.parse(until) }),
      });
      found.push(...some.map(({ _id }) => _id));
      asked++;
      if (end.why === "complete") break;
      assert.equal(end.why, "days");
      until = end.since;
    }
    assert.deepEqual(found, lines.map(({ document }) => document._id).reverse());
    assert.ok(asked > 2);
  });
});

Deno.test("more bytes than the bound: no line is left out before the place that it names", async () => {
  const lines = linesOf(Array.from({ length: 40 }, (_, i) => archivedLine(i * 4)));
  await withSearch(lines, { bytes: 12_000 }, async (search) => {
    const { found, end } = await run(search, ALL);
    assert.equal(end.why, "bytes");
    assert.ok(found.length > 0 && found.length < 40, String(found.length));
    const wanted = lines.map(({ document }) => document)
      .filter((one) => one["@timestamp"] >= end.since!).reverse();
    assert.deepEqual(found.map(({ _id }) => _id), wanted.map(({ _id }) => _id));
  });
});

Deno.test("a line that was read late is found where it is asked for", async () => {
  const lines = linesOf([archivedLine(0, { lateHours: 24 * 30 })]);
  await withSearch(lines, {}, async (search) => {
    const range = { ...ALL, fromMs: START_MS, toMs: START_MS + DAY_MS };
    assert.equal((await run(search, range)).found.length, 0);
    assert.equal((await run(search, { ...range, lateDays: 40 })).found.length, 1);
    const { day } = lines[0];
    assert.equal(
      (await run(search, { ...range, days: { first: day, last: day } })).found.length,
      1,
    );
    const named = { first: "2020-01-01", last: "2020-01-09" };
    assert.equal((await run(search, { ...range, days: named })).found.length, 0);
  });
});

Deno.test("whoever may read some topics finds lines of those alone", async () => {
  const lines = linesOf([archivedLine(1), archivedLine(2, { topic: "secret" })]);
  await withSearch(lines, {}, async (search) => {
    const { found } = await run(search, ALL, ["web"]);
    assert.deepEqual(found.map(({ topic }) => topic), ["web"]);
    assert.equal((await run(search, ALL, [])).found.length, 0);
  });
});

Deno.test("a place without an archive is said to be one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const reader = new ArrayReader([]) as unknown as DocumentReader;
    const search = new ArchiveSearch(new FolderObjects(folder), reader, BOUNDS);
    await assert.rejects(() => run(search, ALL), { code: "ARCHIVE_NOT_THERE" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a search too many is refused, and one that ended makes room", async () => {
  await withSearch(linesOf([archivedLine(1)]), {}, async (search) => {
    const { signal } = new AbortController();
    const first = search.search(ALL, UNNAMED, signal, () => false);
    await first.next();
    await assert.rejects(() => run(search, ALL), { code: "SEARCH_BUSY" });
    await first.return(undefined);
    assert.equal((await run(search, ALL)).found.length, 1);
  });
});
