import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { ManualClock } from "../../core/ports/clock.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { lineSinkConformance } from "../../core/ports/line_sink_conformance.ts";
import type { KeptLine } from "../../core/ports/memory_line_sink.ts";
import { EmbeddedStore } from "./embedded_store.ts";
import { StoreLineSink } from "./line_sink.ts";

const GENERATION = "AAAAAAAAAAAAAAAA";

lineSinkConformance("embedded store", () => {
  const folder = Deno.makeTempDirSync();
  const store = new EmbeddedStore({ folder });
  const sink = new StoreLineSink(store);
  return Promise.resolve({
    sink,
    topic: "app",
    arrived: (generation) => arrived(store, generation),
    close: async () => {
      await sink.stop(1000);
      await store.close();
      Deno.removeSync(folder, { recursive: true });
    },
  });
});

/** The lines of a generation as they stand in their file. */
async function arrived(store: EmbeddedStore, generation: string): Promise<KeptLine[]> {
  const query = { kind: "equals", field: "log.file.generation", value: generation } as const;
  const lines: KeptLine[] = [];
  const request = { query, order: "oldest", limit: 100_000 } as const;
  for await (const batch of store.search(request, new AbortController().signal)) {
    for (const one of batch) {
      lines.push({
        topic: one.topic,
        generation,
        start: one["log.offset"],
        end: one["log.offset"] + one["log.length"],
        text: one.message,
        day: one["event.created"].slice(0, 10),
        path: one["log.file.path"],
      });
    }
  }
  return lines.sort((a, b) => a.start - b.start);
}

function chunkOf(text: string, start: number): LineChunk {
  const bytes = new TextEncoder().encode(`${text}\n`);
  return {
    topic: "app",
    generation: GENERATION,
    path: "/var/log/a.log",
    host: "h",
    start,
    end: start + bytes.length,
    bytes,
    marks: Int32Array.from([0, bytes.length - 1, bytes.length]),
    lines: 1,
    day: "2026-11-21",
    tz: "UTC",
  };
}

async function withSink(
  run: (
    sink: StoreLineSink,
    store: EmbeddedStore,
    clock: ManualClock,
    disk: { free: number },
  ) => Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync();
  const clock = new ManualClock();
  const disk = { free: 1e9 };
  const store = new EmbeddedStore({ folder, clock, freeBytes: () => disk.free });
  const sink = new StoreLineSink(store, { clock, retryMs: 1000 });
  try {
    await run(sink, store, clock, disk);
  } finally {
    await store.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Moves the clock until the promise settles. */
async function settle<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let done = false;
  const ended = promise.finally(() => done = true);
  ended.catch(() => {});
  while (!done) {
    await clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return await ended;
}

Deno.test("StoreLineSink: what was sent is stored when its promise resolves", async () => {
  await withSink(async (sink, store, clock) => {
    assert.equal(await sink.position(GENERATION, "app"), undefined);
    const sent = Promise.all([sink.send(chunkOf("one", 0)), sink.send(chunkOf("two", 4))]);
    await settle(clock, sent);
    assert.equal(await sink.position(GENERATION, "app"), 8);
    assert.equal(store.stats().lines, 2);
    await settle(clock, sink.stop(1000));
    await assert.rejects(sink.send(chunkOf("three", 8)), { code: "SINK_STOPPED" });
  });
});

Deno.test("StoreLineSink: a full disk is waited out, nothing is lost", async () => {
  await withSink(async (sink, store, clock, disk) => {
    disk.free = 0;
    let stored = false;
    const sent = sink.send(chunkOf("one", 0)).then(() => stored = true);
    const second = sink.send(chunkOf("two", 4));
    for (let i = 0; i < 30; i++) {
      await clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assert.equal(stored, false);
    assert.equal(store.stats().intake, "full");
    disk.free = 1e9;
    await settle(clock, Promise.all([sent, second]));
    assert.equal(store.stats().lines, 2);
    assert.equal(store.stats().intake, "open");
    await settle(clock, sink.stop(1000));
  });
});

Deno.test("StoreLineSink: stopping while the disk is full rejects what waits", async () => {
  await withSink(async (sink, _store, clock, disk) => {
    disk.free = 0;
    const sent = sink.send(chunkOf("one", 0));
    sent.catch(() => {});
    await settle(clock, sink.stop(2000));
    await assert.rejects(sent, (error: WeirError) => {
      return error.code === "SINK_STOPPED" && error.retriable;
    });
  });
});
