/** A tail over memory with its own time, for unit tests: what a writer does, what arrived, a kill at any moment. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { WeirError } from "../../core/errors.ts";
import { ManualClock } from "../../core/ports/clock.ts";
import type { Files } from "../../core/ports/files.ts";
import { MemoryFiles } from "../../core/ports/memory_files.ts";
import { MemoryLineSink } from "../../core/ports/memory_line_sink.ts";
import { CheckpointStore } from "../checkpoint/checkpoint_store.ts";
import { BufferPool } from "./buffers.ts";
import { type Entry, parseEntries } from "./entries.ts";
import { TailSet } from "./tail_set.ts";

/** A tail over memory, with its own time: `settle` lets it work until it only waits. */
export class Bench {
  readonly files = new MemoryFiles();
  readonly clock = new ManualClock();
  sink = new MemoryLineSink();
  set!: TailSet;
  entries: Entry[] = parseEntries('[{"path": "/var/log/**/*.log*", "topic": "t"}]', "test");
  events: string[] = [];
  openMax = 1000;
  restedMs = Infinity;
  /** What the tail sees of the files. */
  seen: Files = this.files;

  async start(): Promise<void> {
    this.set = new TailSet(
      {
        files: this.seen,
        checkpoint: new CheckpointStore(this.files, this.clock, "/state"),
        roots: ["/var/log"],
        filesMax: 1000,
        openMax: this.openMax,
        turnMs: 6000,
        sweepMs: 10_000,
        detachedMs: 60_000,
        copyHoldMs: 10_000,
        bufferBytesMax: 1 << 20,
        forgetMs: 7 * 86_400_000,
        skipBinary: false,
      },
      {
        clock: this.clock,
        sink: this.sink,
        buffers: new BufferPool(65_536),
        host: "h",
        tz: "UTC",
        lineBytesMax: 1000,
        partialFlushMs: 5000,
        restedMs: this.restedMs,
      },
      {
        added: (path) => this.events.push(`added ${path}`),
        resumed: (path) => this.events.push(`resumed ${path}`),
        rotated: (path) => this.events.push(`rotated ${path}`),
        removed: (path, unread) => this.events.push(`removed ${path} ${unread}`),
        truncated: (path) => this.events.push(`truncated ${path}`),
        broken: (path, reason) => this.events.push(`broken ${path} ${reason}`),
        cut: () => {},
        counted: (what, name, number) => this.events.push(`${what} ${name} ${number}`),
        acknowledged: () => {},
      },
    );
    await this.set.start();
    this.set.apply(this.entries);
    await this.settle();
  }

  async settle(ms = 0): Promise<void> {
    const step = ms > 2000 ? 200 : 50;
    for (let passed = 0;; passed += step) {
      // Everything here runs on promises alone: this many turns are more than any look needs. Only unpacking needs a
      // turn of the event loop.
      for (let turn = 0; turn < 1000; turn++) await null;
      await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; turn < 100; turn++) await null;
      if (passed >= ms) return;
      await this.clock.advance(step);
    }
  }

  /** Ends without a last checkpoint, as a kill does. */
  async kill(): Promise<void> {
    this.files.writeFailure = new WeirError("DISK_FULL", "killed");
    const stopped = this.set.stop(0);
    await this.settle(500);
    await stopped;
    this.files.writeFailure = undefined;
    this.sink = Object.assign(new MemoryLineSink(), { lines: this.sink.lines });
  }

  texts(): string[] {
    return this.sink.lines.map((line) => line.text);
  }

  /** Texts of the lines, each uid once: what an index holds. */
  indexed(): string[] {
    return [
      ...new Map(
        this.sink.lines.map((line) => [`${line.generation}:${line.start}-${line.end}`, line.text]),
      ).values(),
    ];
  }
}

/** Runs `work` on a tail that has started, and ends it. */
export async function bench(
  work: (bench: Bench) => Promise<void>,
  entries?: string,
  prepare: (bench: Bench) => void = () => {},
): Promise<void> {
  const it = new Bench();
  prepare(it);
  if (entries !== undefined) it.entries = parseEntries(entries, "test");
  await it.start();
  try {
    await work(it);
  } finally {
    await it.kill();
    assert.equal(it.files.openHandles, 0, "all handles are closed");
  }
}
