/** A tail over the machine's file system with a sink in memory, and what the checkers of its tests need. */
import { CheckpointStore } from "../../agent/checkpoint/checkpoint_store.ts";
import { BufferPool } from "../../agent/tail/buffers.ts";
import { parseEntries } from "../../agent/tail/entries.ts";
import { TailSet } from "../../agent/tail/tail_set.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { LineSink } from "../../core/ports/line_sink.ts";
import type { KeptLine } from "../../core/ports/memory_line_sink.ts";
import { MemoryLineSink } from "../../core/ports/memory_line_sink.ts";
import { systemFiles } from "../../core/system_files.ts";
import { patience, waitFor } from "../support/wait.ts";

export interface TailSiteOptions {
  /** Folder that is read. */
  root: string;
  /** Folder of the checkpoint. */
  state: string;
  /** Patterns; one topic. */
  paths: string[];
  exclude?: string[];
  /** Where files begin that are there at first. */
  from?: "start" | "end";
  /** Files that are open at once. */
  openMax?: number;
  /** Between two looks at everything. */
  sweepMs?: number;
  /** @default one in memory, whose lines are kept */
  sink?: LineSink;
}

export class TailSite {
  readonly #options: TailSiteOptions;
  /** Of all runs. */
  readonly lines: KeptLine[] = [];
  readonly events: string[] = [];
  checkpoint!: CheckpointStore;
  set!: TailSet;
  sink!: MemoryLineSink;

  constructor(options: TailSiteOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { root, state, paths, exclude = [], from = "start", openMax = 1000, sweepMs = 300 } =
      this.#options;
    this.sink = Object.assign(new MemoryLineSink(), { lines: this.lines });
    this.checkpoint = new CheckpointStore(systemFiles, systemClock, state);
    const event = (name: string) => (path: string) => void this.events.push(`${name} ${path}`);
    this.set = new TailSet(
      {
        files: systemFiles,
        checkpoint: this.checkpoint,
        roots: [await Deno.realPath(root)],
        filesMax: 20_000,
        openMax,
        turnMs: 1000,
        sweepMs,
        detachedMs: 60_000,
        copyHoldMs: 1500 * patience(), // a copy is made by a process that a slow machine may hold up
        bufferBytesMax: 32 << 20,
        forgetMs: 86_400_000,
        skipBinary: false,
      },
      {
        clock: systemClock,
        sink: this.#options.sink ?? this.sink,
        buffers: new BufferPool(1 << 20),
        host: "h",
        tz: "UTC",
        lineBytesMax: 65_536,
        partialFlushMs: 60_000,
      },
      {
        added: event("added"),
        resumed: event("resumed"),
        rotated: event("rotated"),
        removed: (path, unread) => void this.events.push(`removed ${path} ${unread}`),
        truncated: event("truncated"),
        broken: event("broken"),
        cut() {},
        counted() {},
        acknowledged() {},
      },
    );
    await this.set.start();
    const entries = paths.map((path) => ({ path, topic: "t", exclude, from }));
    await this.set.apply(parseEntries(JSON.stringify(entries), "test"));
  }

  /** Ends without a last checkpoint, as far as that goes in one process: what is asked for later is not written. */
  async kill(): Promise<void> {
    this.checkpoint.save = () => Promise.resolve();
    await this.sink.stop();
    await this.set.stop(0);
  }

  async stop(): Promise<void> {
    await this.set.stop(10_000);
  }

  /** Waits until everything that is there was read, and nothing is held back. */
  async quiet(): Promise<void> {
    let at = 0, since = performance.now();
    await waitFor("a quiet tail", () => {
      const lag = this.set.status(100_000).reduce((sum, row) => sum + row.lagBytes, 0);
      if (lag > 0 || this.lines.length !== at) since = performance.now();
      at = this.lines.length;
      return performance.now() - since > 1200; // four sweeps without any change
    }, { timeoutMs: 60_000, detail: () => this.events.slice(-40).join("\n") });
  }

  /** Texts, each uid once, in the order of their first occurrence: what an index holds. */
  indexed(): string[] {
    const byUid = new Map<string, string>();
    for (const { generation, start, end, text } of this.lines) {
      const uid = `${generation}:${start}-${end}`;
      if (!byUid.has(uid)) byUid.set(uid, text);
    }
    return [...byUid.values()];
  }
}
