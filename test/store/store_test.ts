/**
 * The embedded store beyond the conformance suite: exactly once under repeats and gaps, a full
 * disk, retention, opening again, several blocks, and the same answers as the in-memory store to
 * random questions.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import type { Document, LogRecord, Query, RangeRequest } from "../../core/ports/document_store.ts";
import { EmbeddedStore, type EmbeddedStoreOptions } from "../../search/store/embedded_store.ts";
import { MemoryDocumentStore } from "../support/memory_document_store.ts";
import { randomOf } from "../bench/lines.ts";
import { chunkAt, GENERATION, LINE_BYTES, lineText, numberIn, TOPIC } from "./numbered.ts";

const ALL: Query = { kind: "all" };
const signal = () => new AbortController().signal;

async function withStore(
  options: Partial<EmbeddedStoreOptions>,
  run: (store: EmbeddedStore, folder: string) => Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync();
  const store = new EmbeddedStore({ folder, freeBytesMin: 0, ...options });
  try {
    await run(store, folder);
  } finally {
    await store.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

async function found(
  store: EmbeddedStore | MemoryDocumentStore,
  query: Query = ALL,
  more: { order?: "newest" | "oldest"; limit?: number } = {},
): Promise<Document[]> {
  const documents: Document[] = [];
  const request = { query, order: "oldest" as const, limit: 1_000_000, ...more };
  for await (const batch of store.search(request, signal())) documents.push(...batch);
  return documents;
}

async function assertNumbers(store: EmbeddedStore, numbers: number[]): Promise<void> {
  assert.deepEqual((await found(store)).map((one) => numberIn(one.message)), numbers);
  assert.equal(store.stats().lines, numbers.length);
}

const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, i) => from + i);

Deno.test("appendChunks() stores each line once, whatever is sent again", async () => {
  await withStore({ blockBytes: 4000 }, async (store, folder) => {
    assert.equal(store.position(GENERATION, TOPIC), undefined);
    store.appendChunks([chunkAt(0, 50)], 1e12);
    assert.equal(store.position(GENERATION, TOPIC), 50 * LINE_BYTES);
    store.appendChunks([chunkAt(20, 60), chunkAt(0, 10), chunkAt(80, 5)], 1e12);
    await assertNumbers(store, upTo(85));
    assert.equal(store.stats().repeats, 40);
    assert.equal(store.stats().overlaps, 0);
    await store.close();
    const again = new EmbeddedStore({ folder, freeBytesMin: 0, blockBytes: 4000 });
    again.appendChunks([chunkAt(0, 90)], 1e12);
    await assertNumbers(again, upTo(90));
    assert.equal(again.position(GENERATION, TOPIC), 90 * LINE_BYTES);
    await again.close();
  });
});

Deno.test("a gap is filled later, and only once", async () => {
  await withStore({ blockBytes: 4000 }, async (store) => {
    store.appendChunks([chunkAt(10, 10)], 1e12);
    store.appendChunks([chunkAt(30, 10)], 1e12);
    store.appendChunks([chunkAt(0, 35)], 1e12);
    await assertNumbers(store, upTo(40));
    store.appendChunks([chunkAt(0, 40)], 1e12);
    await assertNumbers(store, upTo(40));
  });
});

Deno.test("a line that overlaps a stored one is kept and counted", async () => {
  await withStore({}, async (store) => {
    const short = chunkAt(0, 1);
    short.marks = Int32Array.from([0, 50, 50]);
    store.appendChunks([{ ...short, end: 50 }], 1e12);
    store.appendChunks([chunkAt(0, 1)], 1e12);
    assert.equal((await found(store)).length, 2);
    assert.equal(store.stats().overlaps, 1);
  });
});

Deno.test("several generations and topics keep their own positions", async () => {
  await withStore({}, async (store) => {
    store.appendChunks([
      chunkAt(0, 3),
      { ...chunkAt(0, 5), topic: "other" },
      { ...chunkAt(0, 7), generation: "another_one_____" },
    ], 1e12);
    assert.equal(store.position(GENERATION, TOPIC), 3 * LINE_BYTES);
    assert.equal(store.position(GENERATION, "other"), 5 * LINE_BYTES);
    assert.equal(store.position("another_one_____", TOPIC), 7 * LINE_BYTES);
    assert.equal(store.stats().lines, 15);
  });
});

Deno.test("a full database stops intake, keeps what it had, and goes on when there is room", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const small = new EmbeddedStore({ folder, freeBytesMin: 0, databaseBytesMax: 600_000 });
    let stored = 0, error: { code?: string; retriable?: boolean } = {};
    for (let i = 0; i < 10_000 && error.code === undefined; i++) {
      try {
        small.appendChunks([chunkAt(stored, 1000)], 1e12);
        stored += 1000;
      } catch (thrown) {
        error = thrown as typeof error;
      }
    }
    assert.equal(error.code, "STORE_FULL");
    assert.equal(error.retriable, true);
    assert.ok(stored > 0);
    assert.equal(small.stats().intake, "full");
    assert.equal(small.position(GENERATION, TOPIC), stored * LINE_BYTES);
    await assertNumbers(small, upTo(stored));
    assert.throws(() => small.appendChunks([chunkAt(stored, 1000)], 1e12), { code: "STORE_FULL" });
    await assertNumbers(small, upTo(stored));
    await small.close();
    const large = new EmbeddedStore({ folder, freeBytesMin: 0 });
    large.appendChunks([chunkAt(stored, 1000)], 1e12);
    assert.equal(large.stats().intake, "open");
    await assertNumbers(large, upTo(stored + 1000));
    await large.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a disk with too little room stops intake before it is full", async () => {
  let free = 1000;
  await withStore({ freeBytesMin: 1e6, freeBytes: () => free }, async (store) => {
    assert.throws(() => store.appendChunks([chunkAt(0, 10)], 1e12), { code: "STORE_FULL" });
    assert.equal(store.stats().intake, "full");
    free = 1e9;
    store.appendChunks([chunkAt(0, 10)], 1e12);
    assert.equal(store.stats().intake, "open");
    await assertNumbers(store, upTo(10));
  });
});

Deno.test("retention drops whole blocks, oldest arrivals first, by size and by age", async () => {
  let now = Date.UTC(2026, 10, 1);
  const clock = { wallMs: () => now, monotonicMs: () => now, sleep: () => Promise.resolve() };
  const day = 86_400_000;
  await withStore({ blockBytes: 4000, clock, retention: { ageMsMax: 3 * day } }, async (store) => {
    for (let i = 0; i < 6; i++, now += day) store.appendChunks([chunkAt(i * 200, 200)], now);
    now -= day;
    assert.equal(store.maintain() > 0, true);
    const left = (await found(store)).map((one) => numberIn(one.message));
    assert.deepEqual(left, upTo(1200, left[0]));
    assert.ok(left[0] > 0 && left[0] <= 400, `first line left is ${left[0]}`);
    assert.equal(store.stats().expired, left[0]);
    assert.deepEqual([store.expired(GENERATION, TOPIC), store.expired(GENERATION, "t")], [
      true,
      false,
    ]);
    assert.equal(store.maintain(), 0);
    store.appendChunks([chunkAt(0, 1200)], now);
    assert.equal(store.stats().lines, left.length, "what is gone does not come again");
  });
  await withStore({ blockBytes: 4000, retention: { diskBytesMax: 20_000 } }, async (store) => {
    store.appendChunks([chunkAt(0, 4000)], 1e12);
    store.maintain();
    const left = (await found(store)).map((one) => numberIn(one.message));
    assert.deepEqual(left, upTo(4000, left[0]));
    assert.ok(left.length > 0 && left.length < 3000, `${left.length} lines left`);
  });
});

Deno.test("a store that is open cannot be opened again", async () => {
  await withStore({}, (_, folder) => {
    assert.throws(() => new EmbeddedStore({ folder }), { code: "STORE_BUSY", retriable: true });
    return Promise.resolve();
  });
});

Deno.test("a file that is no store is refused and left as it is", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/store.db`, "something else entirely".repeat(100));
    assert.throws(() => new EmbeddedStore({ folder }), { code: "STORE_DAMAGED" });
    assert.match(Deno.readTextFileSync(`${folder}/store.db`), /^something else/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a store of another version is refused as that, and left as it is", async () => {
  for (
    const change of ["PRAGMA user_version=99", "ALTER TABLE blocks DROP COLUMN joined"]
  ) {
    await withStore({}, async (store, folder) => {
      store.appendChunks([chunkAt(0, 10)], 1e12);
      await store.close();
      const database = new DatabaseSync(`${folder}/store.db`);
      database.exec(change);
      database.close();
      assert.throws(() => new EmbeddedStore({ folder }), { code: "STORE_VERSION" }, change);
    });
  }
});

Deno.test("lines can be found at once, the open block included, and while blocks are sealed", async () => {
  await withStore({ blockBytes: 3000 }, async (store) => {
    for (let n = 0; n < 200; n++) {
      store.appendChunks([chunkAt(n, 1)], 1e12);
      const query: Query = { kind: "phrase", text: `line=${n} ` };
      assert.equal(await store.count({ query }, signal()), 1, `line ${n}`);
    }
    assert.ok(store.stats().blocks > 5);
  });
});

Deno.test("a follower that reads slowly misses nothing", async () => {
  await withStore({ blockBytes: 3000 }, async (store) => {
    const abort = new AbortController();
    const stream = store.follow({ query: ALL }, abort.signal)[Symbol.asyncIterator]();
    const first = stream.next();
    for (let n = 0; n < 300; n++) store.appendChunks([chunkAt(n, 1)], 1e12);
    const seen = [...(await first).value as Document[]];
    while (seen.length < 300) seen.push(...(await stream.next()).value as Document[]);
    assert.deepEqual(seen.map((one) => numberIn(one.message)), upTo(300));
    abort.abort();
    assert.equal((await stream.next()).done, true);
  });
});

Deno.test("filters and the second thread lose no line, over many blocks and after opening again", async () => {
  const lines = 12_000, folder = Deno.makeTempDirSync();
  const random = randomOf(5);
  const check = async (store: EmbeddedStore, first: number) => {
    assert.ok(store.stats().blocks > 70, `${store.stats().blocks} blocks`);
    for (let i = 0; i < 40; i++) {
      const n = Math.floor(random() * lines);
      const text = /noise=(\S+)/.exec(lineText(n))![1];
      const hits = await found(store, { kind: "word", text, prefix: false });
      assert.deepEqual(hits.map((one) => numberIn(one.message)), n < first ? [] : [n]);
    }
    const wanted = upTo(lines, first).filter((n) => String(n).endsWith("77")).length;
    const query: Query = { kind: "regex", field: "message", source: "line=\\d*77 " };
    assert.equal(await store.count({ query }, signal()), wanted);
    const all: Query = { kind: "phrase", text: "LINE=" };
    assert.equal(await store.count({ query: all }, signal()), lines - first);
    const request = { query: { kind: "phrase", text: "77 noise" } as Query, bucketMs: 1000 };
    const buckets = await store.histogram(request, signal());
    assert.equal(buckets.reduce((sum, bucket) => sum + bucket.count, 0), wanted);
    const values = await store.values({ query, field: "log.level", limit: 3 }, signal());
    assert.deepEqual(values, [{ value: "info", count: wanted }]);
  };
  const options = { folder, freeBytesMin: 0, blockBytes: 4000 };
  try {
    // Opened again before the first group of filters is complete.
    let store = new EmbeddedStore(options);
    for (let n = 0; n < 1000; n += 100) store.appendChunks([chunkAt(n, 100)], 1e12);
    await store.close();
    store = new EmbeddedStore(options);
    for (let n = 1000; n < lines; n += 100) store.appendChunks([chunkAt(n, 100)], 1e12);
    await check(store, 0);
    await store.close();
    const again = new EmbeddedStore(options);
    await check(again, 0);
    await again.close();
    const smaller = new EmbeddedStore({ ...options, retention: { diskBytesMax: 200_000 } });
    const dropped = smaller.maintain();
    assert.ok(dropped > 500 && dropped < lines - 500, `${dropped} lines dropped`);
    await check(smaller, dropped);
    await smaller.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

const WORDS = [
  "error",
  "Timeout",
  "10.0.0.1",
  "café",
  "登录失败",
  "a",
  "user_7",
  "x-y",
  "İstanbul",
  "",
];

/** Lines of a few words, some with times, levels, JSON, line feeds of their own. */
function randomLines(random: () => number, topic: string): LogRecord[] {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
  const offsets = new Map<string, number>();
  return Array.from({ length: 60 + Math.floor(random() * 60) }, () => {
    const words = Array.from({ length: Math.floor(random() * 6) }, () => pick(WORDS)).join(
      pick([" ", "-", "_", "\t"]),
    );
    const time = new Date(Date.UTC(2026, 10, 20) + Math.floor(random() * 20) * 1800_000)
      .toISOString();
    const text = pick([
      () => `${time} ${pick(["INFO", "ERROR", "debug:"])} ${words}`,
      () =>
        JSON.stringify({
          time,
          level: pick(["warn", "info"]),
          user: pick(WORDS),
          n: Math.floor(random() * 5),
        }),
      () => `{"user":"\\u0061","k":"${pick(["x", "y"])}"}`,
      () => `\tat ${words}`,
      () => words,
      () => `${time} first\nsecond ${words}`,
    ])();
    const generation = pick(["AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB"]);
    const offset = offsets.get(generation) ?? 0;
    const record = recordOf(topic, text, offset, {
      generation,
      ...(random() < 0.2 && { fields: { user: pick(WORDS), env: "prod" } }),
      host: pick(["h1", "h2"]),
    });
    offsets.set(generation, offset + record.length);
    return record;
  });
}

function randomQuery(random: () => number, depth: number): Query {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
  const word = () => pick(WORDS.filter((one) => one !== ""));
  const leaves: (() => Query)[] = [
    () => ({ kind: "word", text: word(), prefix: random() < 0.3 }),
    () => ({
      kind: "word",
      text: pick(["tim", "失", "10", "user", "i̇stanbul", "y"]),
      prefix: random() < 0.5,
    }),
    () => ({ kind: "phrase", text: pick(["r 1", "a", "登录", "É", " ", "at ", word()]) }),
    () => ({
      kind: "regex",
      field: "message",
      source: pick([
        "^\\s+at",
        "r$",
        "\\d+\\.\\d",
        "[^a-z]o",
        "caf.",
        "(error|x)\\W",
        "t[\\s\\S]s",
        "a|first",
      ]),
    }),
    () => ({
      kind: "equals",
      field: pick(["user", "fields.user", "k"]),
      value: pick([...WORDS, "a", "x"]),
    }),
    () => ({ kind: "equals", field: "log.level", value: pick(["info", "error", "none"]) }),
    () => ({ kind: "equals", field: "host.name", value: "h1" }),
    () => ({ kind: "equals", field: "message", value: pick(WORDS) }),
    () => ({
      kind: "wildcard",
      field: pick(["user", "message", "env", "event.parent"]),
      pattern: pick(["*", "*o*", "a*"]),
    }),
    () => ({
      kind: "range",
      field: "n",
      above: "1",
      aboveInclusive: random() < 0.5,
      belowInclusive: false,
    }),
  ];
  if (depth === 0 || random() < 0.4) return pick(leaves)();
  const part = () => randomQuery(random, depth - 1);
  return pick([
    (): Query => ({ kind: "and", parts: [part(), part()] }),
    (): Query => ({ kind: "or", parts: [part(), part()] }),
    (): Query => ({ kind: "not", part: part() }),
  ])();
}

Deno.test("answers what the in-memory store answers to random questions", async () => {
  const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}; again with WEIR_SEED=${seed}`);
  const clean = (one: Document) => JSON.parse(JSON.stringify({ ...one, "event.ingested": "" }));
  for (let round = 0; round < 12; round++) {
    const random = randomOf(seed + round);
    await withStore({ blockBytes: 500 + Math.floor(random() * 3000) }, async (store) => {
      const memory = new MemoryDocumentStore();
      const records = randomLines(random, "app");
      for (let i = 0; i < records.length; i += 7) {
        await store.write(records.slice(i, i + 7));
        await memory.write(records.slice(i, i + 7));
      }
      for (let i = 0; i < 60; i++) {
        const query: Query = i === 0 ? ALL : randomQuery(random, 2);
        const order: "newest" | "oldest" = random() < 0.5 ? "newest" : "oldest";
        const limit = random() < 0.5 ? 1000 : 1 + Math.floor(random() * 30);
        const wanted: unknown[] = (await found(memory, query, { order, limit })).map(clean);
        const got: unknown[] = (await found(store, query, { order, limit })).map(clean);
        const what: string = `round ${round}: ${JSON.stringify(query)}`;
        assert.deepEqual(got, wanted, what);
        const range: RangeRequest = {
          query,
          fromMs: Date.UTC(2026, 10, 20, 3),
          toMs: Date.UTC(2026, 10, 20, 7),
        };
        assert.equal(await store.count(range, signal()), await memory.count(range), what);
        const bucketMs = random() < 0.5 ? 3_600_000 : 1000;
        assert.deepEqual(
          await store.histogram({ ...range, bucketMs }, signal()),
          await memory.histogram({ ...range, bucketMs }),
          what,
        );
        const values: RangeRequest & { field: string; limit: number } = {
          query,
          field: "user",
          limit: 5,
        };
        assert.deepEqual(await store.values(values, signal()), await memory.values(values), what);
      }
    });
  }
});

Deno.test("keeps numbers of any size in its columns", () => {
  // Offsets beyond 4 GB and times far apart go through the same code as small ones.
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.nat(500), (start, lines) => {
      if (lines === 0) return;
      const folder = Deno.makeTempDirSync();
      const store = new EmbeddedStore({ folder, freeBytesMin: 0, blockBytes: 2000 });
      try {
        const chunk = chunkAt(0, lines);
        store.appendChunks([{ ...chunk, start, end: start + chunk.bytes.length }], 1e12);
        assert.equal(store.position(GENERATION, TOPIC), start + lines * LINE_BYTES);
      } finally {
        store.close();
        Deno.removeSync(folder, { recursive: true });
      }
    }),
    { numRuns: 20 },
  );
});
