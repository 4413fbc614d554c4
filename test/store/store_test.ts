/**
 * The embedded store beyond the conformance suite: exactly once under repeats and gaps, a full
 * disk, retention, opening again, several blocks.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { Document, Query } from "../../core/ports/document_store.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { randomOf } from "../support/random.ts";
import { chunkAt, GENERATION, LINE_BYTES, lineText, numberIn, TOPIC } from "./numbered.ts";
import { ALL, found, signal, withStore } from "./with_store.ts";

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
