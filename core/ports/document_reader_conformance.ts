/**
 * What every DocumentReader has to do, as tests: each adapter's test file calls documentReaderConformance() with a
 * factory. The promises stand in document_store.ts; a test here is named after the one it checks.
 */
import assert from "node:assert/strict";
import type {
  Document,
  DocumentReader,
  DocumentWriter,
  LogRecord,
  Query,
  SearchRequest,
} from "./document_store.ts";
import { GENERATIONS, recordOf } from "./document_store_conformance.ts";

/** A store that can be written and read; made anew for each test. */
export interface StoreUnderTest {
  writer: DocumentWriter;
  reader: DocumentReader;
  topic: string;
  /** Resolves when what was answered "created" can be found. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** The lines that the reader's tests look for: text, generation and more. */
function corpus(topic: string): LogRecord[] {
  const lines: [string, number, Partial<LogRecord>?][] = [
    ["2026-11-21T05:00:00.000Z INFO GET /index.html from 10.0.0.1", 0],
    ["2026-11-21T05:00:01.000Z ERROR timeout of upstream 10.0.0.17", 0],
    ["java.lang.IllegalStateException: no stock", 0],
    ["\tat com.example.Stock.take(Stock.java:12)", 0],
    ["2026-11-21T05:00:01.000Z WARN Timeouts are frequent", 0],
    ['{"time":"2026-11-21T05:30:00Z","level":"info","status":200,"user":"Ann"}', 1],
    ['{"time":"2026-11-21T05:31:00Z","level":"error","status":503,"user":"bob"}', 1],
    ["2026-11-21T04:00:00Z 登录失败 用户 张三", 1],
    ["2026-11-21T04:00:00Z debug: CAFÉ is open", 2, { host: "web-2", path: "/var/log/b.log" }],
    ["no time here, blk_-123 moved to /data/x.y", 2, { host: "web-2", path: "/var/log/b.log" }],
  ];
  const offsets = [0, 0, 0];
  return lines.map(([text, file, more]) => {
    const record = recordOf(topic, text, offsets[file], {
      generation: GENERATIONS[file],
      ...more,
    });
    offsets[file] += record.length;
    return record;
  });
}

/** Queries over the corpus, and the places in it that fit. */
const QUERIES: [string, Query, number[]][] = [
  ["all", { kind: "all" }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["a word in any case", { kind: "word", text: "TIMEOUT", prefix: false }, [1]],
  ["a prefix", { kind: "word", text: "timeout", prefix: true }, [1, 4]],
  ["a word with dots on its boundaries", { kind: "word", text: "10.0.0.1", prefix: false }, [0]],
  ["a word with a minus", { kind: "word", text: "blk_-123", prefix: false }, [9]],
  ["a word that is part of one only", { kind: "word", text: "stoc", prefix: false }, []],
  ["a phrase", { kind: "phrase", text: "t of UPstream" }, [1]],
  ["a phrase beyond ASCII", { kind: "phrase", text: "café is" }, [8]],
  ["a word beyond ASCII", { kind: "word", text: "café", prefix: false }, [8]],
  ["Chinese characters", { kind: "word", text: "失败", prefix: false }, [7]],
  ["one Chinese character", { kind: "word", text: "张", prefix: false }, [7]],
  ["a regular expression", { kind: "regex", field: "message", source: "10\\.0\\.0\\.\\d$" }, [0]],
  ["an anchored expression", { kind: "regex", field: "message", source: "^\\s+at " }, [3]],
  ["a negated class", { kind: "regex", field: "message", source: "x\\.y[^a]|stock[^]" }, []],
  ["a level", { kind: "equals", field: "log.level", value: "error" }, [1, 2, 3, 6]],
  ["a field of JSON", { kind: "equals", field: "status", value: "503" }, [6]],
  ["a field with its case", { kind: "equals", field: "user", value: "ann" }, []],
  ["a host", { kind: "equals", field: "host.name", value: "web-2" }, [8, 9]],
  ["a pattern", { kind: "wildcard", field: "log.file.path", pattern: "*/b.*" }, [8, 9]],
  ["a field that exists", { kind: "wildcard", field: "user", pattern: "*" }, [5, 6]],
  [
    "a range of numbers",
    { kind: "range", field: "status", above: "200", aboveInclusive: false, belowInclusive: false },
    [6],
  ],
  [
    "and, or, not",
    {
      kind: "and",
      parts: [
        {
          kind: "or",
          parts: [{ kind: "word", text: "timeout", prefix: true }, { kind: "phrase", text: "ann" }],
        },
        { kind: "not", part: { kind: "equals", field: "log.level", value: "error" } },
      ],
    },
    [4, 5],
  ],
];

/**
 * Order of the corpus: (@timestamp, generation, offset); the line without a time has the time of
 * the one before it.
 */
const OLDEST_FIRST = [7, 8, 9, 0, 1, 2, 3, 4, 5, 6];

async function collect(
  reader: DocumentReader,
  request: Partial<SearchRequest>,
): Promise<Document[]> {
  const found: Document[] = [];
  const full = {
    query: { kind: "all" } as Query,
    order: "oldest" as const,
    limit: 1000,
    ...request,
  };
  for await (const batch of reader.search(full, new AbortController().signal)) {
    found.push(...batch);
  }
  return found;
}

type ReaderTest = (
  what: string,
  run: (made: StoreUnderTest, records: LogRecord[]) => Promise<void>,
) => void;
const signal = () => new AbortController().signal;

/** Registers the tests of the reader's half. */
export function documentReaderConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  const test: ReaderTest = (what, run) =>
    Deno.test(`DocumentReader ${name}: ${what}`, async () => {
      const made = await open();
      try {
        const records = corpus(made.topic);
        const outcomes = await made.writer.write(records);
        assert.ok(outcomes.every((outcome) => outcome.result === "created"));
        await made.settled();
        await run(made, records);
      } finally {
        await made.close();
      }
    });
  testSearch(test);
  testSums(test);
  testFollow(test);
}

function testSearch(test: ReaderTest): void {
  test("finds what a query means, and counts it", async ({ reader }, records) => {
    for (const [what, query, places] of QUERIES) {
      const found = (await collect(reader, { query })).map((one) => one._id);
      const wanted = OLDEST_FIRST.filter((at) => places.includes(at)).map((at) => records[at].uid);
      assert.deepEqual(found, wanted, what);
      assert.equal(await reader.count({ query }, signal()), wanted.length, what);
    }
  });

  test("orders by time, generation and offset, both ways", async ({ reader }, records) => {
    const oldest = (await collect(reader, {})).map((one) => one._id);
    assert.deepEqual(oldest, OLDEST_FIRST.map((at) => records[at].uid));
    const newest = (await collect(reader, { order: "newest" })).map((one) => one._id);
    assert.deepEqual(newest, [...oldest].reverse());
  });

  test("goes on behind a document, every page size", async ({ reader }) => {
    for (const order of ["oldest", "newest"] as const) {
      const whole = await collect(reader, { order });
      for (let limit = 1; limit <= 4; limit++) {
        const pages: Document[] = [];
        for (;;) {
          const last = pages.at(-1);
          const page = await collect(reader, {
            order,
            limit,
            ...(last && {
              after: {
                timestampMs: Date.parse(last["@timestamp"]),
                generation: last["log.file.generation"],
                offset: last["log.offset"],
              },
            }),
          });
          assert.ok(page.length <= limit);
          if (page.length === 0) break;
          pages.push(...page);
        }
        assert.deepEqual(pages.map((one) => one._id), whole.map((one) => one._id));
      }
    }
  });

  test("takes the start of a range and leaves its end", async ({ reader }, records) => {
    const fromMs = Date.UTC(2026, 10, 21, 5), toMs = Date.UTC(2026, 10, 21, 5, 31);
    const found = await collect(reader, { fromMs, toMs });
    assert.deepEqual(found.map((one) => one._id), [0, 1, 2, 3, 4, 5].map((at) => records[at].uid));
    assert.equal(await reader.count({ query: { kind: "all" }, fromMs, toMs }, signal()), 6);
  });
}

function testSums(test: ReaderTest): void {
  test("counts by time and level", async ({ reader }) => {
    const buckets = await reader.histogram(
      { query: { kind: "all" }, bucketMs: 3_600_000 },
      signal(),
    );
    assert.deepEqual(buckets.map(({ startMs, count, levels }) => ({ startMs, count, ...levels })), [
      { startMs: Date.UTC(2026, 10, 21, 4), count: 3, "": 2, debug: 1 },
      { startMs: Date.UTC(2026, 10, 21, 5), count: 7, info: 2, error: 4, warn: 1 },
    ]);
    const some = await reader.histogram({
      query: { kind: "equals", field: "log.level", value: "error" },
      fromMs: Date.UTC(2026, 10, 21, 5, 0, 1),
      bucketMs: 60_000,
    }, signal());
    assert.deepEqual(some.map((one) => [one.startMs, one.count]), [
      [Date.UTC(2026, 10, 21, 5, 0), 3],
      [Date.UTC(2026, 10, 21, 5, 31), 1],
    ]);
  });

  test("gives the most frequent values of a field", async ({ reader }) => {
    const query: Query = { kind: "all" };
    assert.deepEqual(await reader.values({ query, field: "host.name", limit: 10 }, signal()), [
      { value: "web-1", count: 8 },
      { value: "web-2", count: 2 },
    ]);
    assert.deepEqual(await reader.values({ query, field: "log.level", limit: 1 }, signal()), [
      { value: "error", count: 4 },
    ]);
    const users = await reader.values({ query, field: "user", limit: 10 }, signal());
    assert.deepEqual(users.sort((a, b) => a.value < b.value ? -1 : 1), [
      { value: "Ann", count: 1 },
      { value: "bob", count: 1 },
    ]);
  });
}

function testFollow(test: ReaderTest): void {
  test("shows the lines of a stack trace with their first line", async ({ reader }, records) => {
    const found = await collect(reader, {});
    const parents = found.filter((one) => one["event.parent"] !== undefined)
      .map((one) => [one._id, one["event.parent"]]);
    assert.deepEqual(parents, [2, 3].map((at) => [records[at].uid, records[1].uid]));
    assert.equal(found.find((one) => one._id === records[3].uid)!["log.level"], "error");
  });

  test("follows what is stored from now on", async ({ writer, reader, topic }) => {
    const abort = new AbortController();
    const found: string[] = [];
    const query: Query = { kind: "word", text: "wanted", prefix: false };
    const stream = reader.follow({ query }, abort.signal);
    const ended = (async () => {
      for await (const batch of stream) {
        found.push(...batch.map((one) => one.message));
        if (found.length === 3) abort.abort();
      }
    })();
    let offset = 10_000;
    for (let round = 0; round < 3; round++) {
      const records = ["wanted", "other"].map((text) => {
        const record = recordOf(topic, `${text} ${round}`, offset);
        offset += record.length;
        return record;
      });
      await writer.write(records);
    }
    await ended;
    assert.deepEqual(found, ["wanted 0", "wanted 1", "wanted 2"]);
  });

  test("stops when told", async ({ reader }) => {
    const abort = new AbortController();
    abort.abort();
    const found: Document[] = [];
    const request = { query: { kind: "all" } as Query, order: "newest" as const, limit: 10 };
    for await (const batch of reader.search(request, abort.signal)) found.push(...batch);
    let followed = 0;
    for await (const batch of reader.follow(request, abort.signal)) followed += batch.length;
    assert.deepEqual([found.length, followed], [0, 0]);
  });
}
