/**
 * What every DocumentWriter and DocumentReader has to do, as tests: each adapter's test file calls
 * the function for its half with a factory. The promises stand in document_store.ts; a test here is
 * named after the one it checks.
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

/** A writer with the means to look at what it wrote; made anew for each test. */
export interface WriterUnderTest {
  writer: DocumentWriter;
  /** A topic of this test alone. */
  topic: string;
  /**
   * All documents of a topic, in any order; waits until what was answered "created" can be seen.
   */
  documents(topic: string): Promise<Document[]>;
  /**
   * Ends the writer without warning and opens it again on the same data, where that is possible.
   */
  reopen?(): Promise<DocumentWriter>;
  close(): Promise<void>;
}

const encode = (text: string) => new TextEncoder().encode(text);
const CREATED_MS = Date.UTC(2026, 10, 21, 6, 0, 0, 0);
const GENERATIONS = ["AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCC"];

/** A record of an agent; `offset` places it in the file. */
export function recordOf(
  topic: string,
  text: string | Uint8Array,
  offset: number,
  more: Partial<LogRecord> = {},
): LogRecord {
  const value = typeof text === "string" ? encode(text) : text;
  const generation = more.generation ?? GENERATIONS[0];
  const length = more.length ?? value.length + 1;
  return {
    topic,
    uid: `${generation}:${offset}-${offset + length}`,
    offset,
    host: "web-1",
    path: "/var/log/app.log",
    value,
    createdMs: CREATED_MS,
    day: "2026-11-21",
    tz: "UTC",
    ...more,
    generation,
    length,
  };
}

/** A record that no agent wrote. */
export function foreignOf(
  topic: string,
  text: string,
  kafkaOffset: number,
  createdMs = CREATED_MS,
): LogRecord {
  const value = encode(text);
  return {
    topic,
    uid: `${topic}-0-${kafkaOffset}-${createdMs}`,
    generation: null,
    offset: kafkaOffset,
    length: value.length,
    host: "",
    path: "",
    value,
    createdMs,
    day: "2026-11-21",
    tz: "UTC",
    kafka: { partition: 0, offset: String(kafkaOffset) },
  };
}

const results = async (writer: DocumentWriter, records: LogRecord[]) =>
  (await writer.write(records)).map((outcome) => outcome.result);

type WriterTest = (what: string, run: (made: WriterUnderTest) => Promise<void>) => void;

/** Registers the tests of the writer's half. */
export function documentWriterConformance(
  name: string,
  open: () => Promise<WriterUnderTest>,
): void {
  const test: WriterTest = (what, run) =>
    Deno.test(`DocumentWriter ${name}: ${what}`, async () => {
      const made = await open();
      try {
        await run(made);
      } finally {
        await made.close();
      }
    });

  testIdentity(test);
  testContent(test);
  testReopen(test);
}

function testIdentity(test: WriterTest): void {
  test("answers created once, then exists, and keeps the first", async ({ writer, ...made }) => {
    const record = recordOf(made.topic, "2026-11-21T05:00:00Z INFO first", 0);
    assert.deepEqual(await results(writer, [record]), ["created"]);
    assert.deepEqual(await results(writer, [record, record]), ["exists", "exists"]);
    const documents = await made.documents(made.topic);
    assert.equal(documents.length, 1);
    assert.equal(documents[0]._id, record.uid);
    assert.equal(documents[0].message, "2026-11-21T05:00:00Z INFO first");
  });

  test("answers one outcome a record, in order, repeats in one call included", async (made) => {
    const { writer, topic } = made;
    const a = recordOf(topic, "a", 0), b = recordOf(topic, "b", 2), c = recordOf(topic, "c", 4);
    assert.deepEqual(await results(writer, []), []);
    assert.deepEqual(await results(writer, [a]), ["created"]);
    assert.deepEqual(await results(writer, [a, b, b, c, a]), [
      "exists",
      "created",
      "exists",
      "created",
      "exists",
    ]);
    const texts = (await made.documents(topic)).map((document) => document.message).sort();
    assert.deepEqual(texts, ["a", "b", "c"]);
  });

  test("identifies by topic and uid", async (made) => {
    const other = `${made.topic}-other`;
    const records = [recordOf(made.topic, "same", 0), recordOf(other, "same", 0)];
    assert.deepEqual(await results(made.writer, records), ["created", "created"]);
    assert.equal((await made.documents(made.topic)).length, 1);
    assert.equal((await made.documents(other)).length, 1);
  });

  test("takes lines of one file in any order", async (made) => {
    const records = [40, 0, 20, 60].map((offset) =>
      recordOf(made.topic, `line at ${offset}`, offset, { length: 20 })
    );
    for (const record of records) {
      assert.deepEqual(await results(made.writer, [record]), ["created"]);
    }
    assert.deepEqual(await results(made.writer, records), records.map(() => "exists"));
    assert.equal((await made.documents(made.topic)).length, 4);
  });

  test("takes foreign records; a topic made anew has other uids", async (made) => {
    const first = foreignOf(made.topic, "one", 0), second = foreignOf(made.topic, "two", 1);
    const again = foreignOf(made.topic, "three", 0, CREATED_MS + 1);
    assert.deepEqual(await results(made.writer, [first, second]), ["created", "created"]);
    assert.deepEqual(await results(made.writer, [second, again]), ["exists", "created"]);
    const documents = await made.documents(made.topic);
    assert.deepEqual(
      documents.map((document) => document._id).sort(),
      [first.uid, second.uid, again.uid].sort(),
    );
    assert.equal(documents[0]["kafka.partition"], 0);
  });
}

function testContent(test: WriterTest): void {
  test("keeps every byte that is UTF-8, and U+FFFD for the rest", async (made) => {
    const texts: [Uint8Array, string][] = [
      [encode('登录失败 café "quoted" \\ \t \u0000 \u001b[31m 😀'), ""],
      [encode(""), ""],
      [encode("\ufeffbom"), ""],
      [new Uint8Array([97, 0xff, 98, 0xc3]), "a\ufffdb\ufffd"],
      [encode("x".repeat(100_000)), ""],
    ];
    let offset = 0;
    const records = texts.map(([value]) => {
      const record = recordOf(made.topic, value, offset);
      offset += record.length;
      return record;
    });
    assert.deepEqual(await results(made.writer, records), records.map(() => "created"));
    const byId = new Map((await made.documents(made.topic)).map((one) => [one._id, one.message]));
    texts.forEach(([value, expected], i) => {
      const wanted = expected === ""
        ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(value)
        : expected;
      assert.equal(byId.get(records[i].uid), wanted, `record ${i}`);
    });
  });

  test("takes the time and level from the line, else the record's time", async (made) => {
    const records = [
      recordOf(made.topic, "2026-11-20 23:00:00,250 WARN x", 0),
      recordOf(made.topic, "2026-11-20 23:00:00 in a zone", 100, { tz: "Asia/Shanghai" }),
      recordOf(made.topic, "nothing known", 200, { generation: GENERATIONS[1] }),
    ];
    await made.writer.write(records);
    const byId = new Map((await made.documents(made.topic)).map((one) => [one._id, one]));
    const [timed, zoned, plain] = records.map((record) => byId.get(record.uid)!);
    assert.equal(timed["@timestamp"], "2026-11-20T23:00:00.250Z");
    assert.equal(timed["log.level"], "warn");
    assert.equal(zoned["@timestamp"], "2026-11-20T15:00:00.000Z");
    assert.equal(plain["@timestamp"], "2026-11-21T06:00:00.000Z");
    assert.equal(plain["log.level"], undefined);
    assert.equal(plain["event.created"], "2026-11-21T06:00:00.000Z");
    assert.equal(timed["host.name"], "web-1");
    assert.equal(timed["log.file.path"], "/var/log/app.log");
    assert.equal(timed["log.file.generation"], GENERATIONS[0]);
    assert.equal(zoned["log.offset"], 100);
    assert.equal(zoned["log.length"], records[1].length);
    assert.equal(timed.topic, made.topic);
  });
}

function testReopen(test: WriterTest): void {
  test("keeps what it answered for over a sudden end", async (made) => {
    if (made.reopen === undefined) return;
    const records = [recordOf(made.topic, "one", 0), recordOf(made.topic, "two", 4)];
    assert.deepEqual(await results(made.writer, records), ["created", "created"]);
    const writer = await made.reopen();
    assert.equal((await made.documents(made.topic)).length, 2);
    assert.deepEqual(await results(writer, records), ["exists", "exists"]);
    assert.deepEqual(await results(writer, [recordOf(made.topic, "three", 8)]), ["created"]);
  });
}

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
