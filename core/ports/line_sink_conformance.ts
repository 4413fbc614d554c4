/**
 * What every LineSink must do, as tests that any adapter runs: `lineSinkConformance("Kafka", open)`. The adapter's own
 * test says how to open one and how to read back what arrived.
 */
import assert from "node:assert/strict";
import { WeirError } from "../errors.ts";
import { newGeneration } from "../record/identity.ts";
import type { LineChunk, LineSink } from "./line_sink.ts";
import type { KeptLine } from "./memory_line_sink.ts";

export interface OpenSink {
  sink: LineSink;
  topic: string;
  /** What arrived of a generation, in the order of arrival, repeats included; at least `lines` first occurrences. */
  arrived(generation: string, lines: number): Promise<KeptLine[]>;
  close(): Promise<void>;
}

/** A chunk of the given lines, starting at a file offset. */
export function chunkOf(
  topic: string,
  generation: string,
  lines: readonly string[],
  start = 0,
): LineChunk {
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  const marks = new Int32Array(lines.length * 3);
  let at = 0;
  lines.forEach((line, i) => {
    const size = new TextEncoder().encode(line).length;
    marks.set([at, at + size, at + size + 1], i * 3);
    at += size + 1;
  });
  const day = new Date().toISOString().slice(0, 10);
  const path = "/var/log/conformance.log";
  return {
    topic,
    generation,
    path,
    host: "h",
    start,
    end: start + at,
    bytes,
    marks,
    lines: lines.length,
    day,
    tz: "UTC",
  };
}

function firstOccurrences(lines: readonly KeptLine[]): string[] {
  const seen = new Map<string, string>();
  for (const line of lines) {
    const key = `${line.start}-${line.end}`;
    if (!seen.has(key)) seen.set(key, line.text);
  }
  return [...seen.values()];
}

/** Sends again what was refused, as an agent does. */
async function deliver(sink: LineSink, chunk: LineChunk): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      return await sink.send(chunk);
    } catch (error) {
      if (attempt > 100) throw error;
    }
  }
}

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `line ${from + i}`);

/** Registers the tests for one adapter. */
export function lineSinkConformance(name: string, open: () => Promise<OpenSink>): void {
  const test = (what: string, work: (opened: OpenSink) => Promise<void>) =>
    Deno.test({
      name: `LineSink, ${name}: ${what}`,
      // Client libraries keep sockets and timers for a while after they are closed.
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        const opened = await open();
        try {
          await work(opened);
        } finally {
          await opened.close();
        }
      },
    });

  testDelivery(test);
  testEnds(test);
}

type Register = (what: string, work: (opened: OpenSink) => Promise<void>) => void;

function testDelivery(test: Register): void {
  test("delivers every line, empty and long ones too, as it is", async ({ sink, topic, arrived }) => {
    const generation = newGeneration();
    const lines = ["first", "", "日志 äöü", "x".repeat(50_000), "last"];
    await deliver(sink, chunkOf(topic, generation, lines));
    assert.deepEqual(firstOccurrences(await arrived(generation, lines.length)), lines);
  });

  test("keeps the lines of a generation in order, chunks sent side by side", async ({ sink, topic, arrived }) => {
    const generation = newGeneration();
    const all: string[] = [];
    let start = 0;
    const sends: { chunk: LineChunk; done: Promise<unknown> }[] = [];
    for (let i = 0; i < 20; i++) {
      const lines = numbered(i * 50, 50);
      const chunk = chunkOf(topic, generation, lines, start);
      start = chunk.end;
      all.push(...lines);
      sends.push({ chunk, done: sink.send(chunk).then(() => true, () => false) });
    }
    // From the first that was refused on, all are sent again, in order: that is the caller's part.
    let refused = false;
    for (const { chunk, done } of sends) {
      if (!(await done)) refused = true;
      if (refused) await deliver(sink, chunk);
    }
    assert.deepEqual(firstOccurrences(await arrived(generation, all.length)), all);
  });

  test("gives the same line the same place when it is sent again", async ({ sink, topic, arrived }) => {
    const generation = newGeneration();
    const chunk = chunkOf(topic, generation, numbered(0, 10), 1000);
    await deliver(sink, chunk);
    await deliver(sink, chunk);
    const lines = await arrived(generation, 10);
    assert.equal(new Set(lines.map((line) => `${line.start}-${line.end}`)).size, 10);
    assert.equal(lines[0].start, 1000);
  });
}

function testEnds(test: Register): void {
  test("knows its position only up to what is acknowledged", async ({ sink, topic }) => {
    const generation = newGeneration();
    assert.equal(await sink.position(generation, topic), undefined);
    const chunk = chunkOf(topic, generation, numbered(0, 5));
    await deliver(sink, chunk);
    const position = await sink.position(generation, topic);
    assert(position === undefined || position === chunk.end, `position ${position}`);
  });

  test("refuses what comes after its end, and settles everything before", async ({ sink, topic }) => {
    const pending = [1, 2, 3].map((i) =>
      sink.send(chunkOf(topic, newGeneration(), numbered(i, 3)))
    );
    await sink.stop(5000);
    await Promise.allSettled(pending);
    await assert.rejects(sink.send(chunkOf(topic, newGeneration(), ["late"])), (error) => {
      return error instanceof WeirError && error.code === "SINK_STOPPED" && error.retriable;
    });
  });
}
