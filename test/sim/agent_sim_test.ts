/**
 * The agent's tail in a simulated world: writers that append, rotate by rename, copy and truncate, tear lines in two;
 * kills at any moment, refused and repeated deliveries, lost file events, a full disk, midnight. Every seed is one world.
 * At its end all is healed, and every line is there once by its uid, in order within its generation, each with one day.
 */
import assert from "node:assert/strict";
import { BufferPool } from "../../agent/tail/buffers.ts";
import { CheckpointStore } from "../../agent/checkpoint/checkpoint_store.ts";
import { parseEntries } from "../../agent/tail/entries.ts";
import { TailSet } from "../../agent/tail/tail_set.ts";
import { ManualClock } from "../../core/ports/clock.ts";
import type { KeptLine } from "../../core/ports/memory_line_sink.ts";
import { startLog } from "../../core/log.ts";
import { Random, seedsToRun } from "../support/random.ts";
import { SimFiles } from "./sim_files.ts";
import { SimLineSink } from "./sim_line_sink.ts";

startLog({ level: "error", write: () => {} });

const STEPS = 60;
const ENTRIES = parseEntries('[{"path": "/log/**/*.log*", "topic": "t"}]', "simulation");

class World {
  readonly random: Random;
  readonly files: SimFiles;
  readonly clock = new ManualClock(Date.UTC(2026, 10, 21, 23, 59, 30));
  readonly lines: KeptLine[] = [];
  readonly written: string[] = [];
  /** A torn line: what was written of it, by path; its rest comes later. */
  readonly torn = new Map<string, string>();
  sink!: SimLineSink;
  set: TailSet | undefined;
  rotations = 0;
  trace: string[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
    this.files = new SimFiles(this.random);
    this.files.reuseInodes = this.random.chance(0.5);
  }

  async start(): Promise<void> {
    this.sink = new SimLineSink(this.random, this.clock, this.lines);
    this.sink.faulty = this.files.faulty;
    this.set = new TailSet(
      {
        files: this.files,
        checkpoint: new CheckpointStore(this.files, this.clock, "/state"),
        roots: ["/log"],
        filesMax: 1000,
        sweepMs: 5000,
        detachedMs: 3600_000,
        copyHoldMs: 10_000,
        bufferBytesMax: 4096,
        forgetMs: 86_400_000,
        skipBinary: false,
      },
      {
        clock: this.clock,
        sink: this.sink,
        buffers: new BufferPool(512),
        host: "h",
        tz: "UTC",
        lineBytesMax: 200,
        partialFlushMs: 3600_000,
      },
      {
        added: (path) => this.trace.push(`  added ${path}`),
        resumed: (path) => this.trace.push(`  resumed ${path}`),
        rotated: (path) => this.trace.push(`  rotated ${path}`),
        removed: (path) => this.trace.push(`  removed ${path}`),
        truncated: (path) => this.trace.push(`  truncated ${path}`),
        cut() {},
        acknowledged() {},
      },
    );
    await this.set.start();
    this.set.apply(ENTRIES);
  }

  async settle(ms: number): Promise<void> {
    for (let passed = 0; passed <= ms; passed += 250) {
      for (let turn = 0; turn < 150; turn++) await null;
      await this.clock.advance(250);
    }
  }

  async kill(): Promise<void> {
    const set = this.set!;
    this.set = undefined;
    const faulty = this.files.faulty;
    this.files.writeFailure = new (await import("../../core/errors.ts")).WeirError(
      "DISK_FULL",
      "killed",
    );
    const stopped = Promise.all([this.sink.stop(), set.stop(0)]);
    await this.settle(1000);
    await stopped;
    this.files.writeFailure = undefined;
    this.files.faulty = faulty;
  }

  #line(): string {
    const number = this.written.length + 1;
    const text = `line ${String(number).padStart(6, "0")} ${"x".repeat(this.random.below(60))}`;
    this.written.push(text);
    return text;
  }

  append(path: string): void {
    let text = "";
    const torn = this.torn.get(path);
    if (torn !== undefined) text = torn + "\n";
    this.torn.delete(path);
    for (let i = this.random.below(8); i >= 0; i--) text += `${this.#line()}\n`;
    if (this.random.chance(0.2)) {
      const line = this.#line(), cut = this.random.below(line.length);
      text += line.slice(0, cut);
      this.torn.set(path, line.slice(cut));
    }
    this.files.append(path, text);
  }

  finishLine(path: string): void {
    const torn = this.torn.get(path);
    if (torn !== undefined) this.files.append(path, `${torn}\n`);
    this.torn.delete(path);
  }

  async step(): Promise<void> {
    const path = this.random.pick(["/log/a.log", "/log/b.log", "/log/sub/c.log"]);
    const exists = this.files.paths().includes(path);
    const roll = this.random.below(100);
    if (roll < 55 || !exists) {
      this.trace.push(`append ${path}`);
      this.append(path);
    } else if (roll < 65) {
      this.trace.push(`rename ${path}`);
      this.finishLine(path);
      const to = `${path}.${++this.rotations}`;
      this.files.rename(path, to);
      if (this.random.chance(0.3)) this.append(to);
      this.finishLine(to);
    } else if (roll < 72) {
      this.trace.push(`copytruncate ${path}`);
      this.finishLine(path);
      this.files.copy(path, `${path}.${++this.rotations}`);
      this.files.truncate(path);
      this.append(path); // a file that begins with another number: the limit of equal banners is documented
    } else if (roll < 80 && this.set !== undefined) {
      this.trace.push("kill");
      await this.kill();
    } else if (this.set === undefined) {
      this.trace.push("start");
      await this.start().catch((error) => {
        this.set = undefined;
        this.trace.push(`start failed: ${error.code}`);
      });
    } else if (roll < 85) {
      await this.set.save().catch(() => {});
    }
    await this.settle(this.random.below(4) * 500);
  }

  async heal(): Promise<void> {
    this.files.faulty = false;
    for (const path of [...this.torn.keys()]) this.finishLine(path);
    if (this.set !== undefined) await this.kill();
    await this.start();
    await this.settle(60_000);
  }

  check(): void {
    const byUid = new Map<string, KeptLine>();
    const days = new Map<string, string>();
    const last = new Map<string, number>();
    for (const line of this.lines) {
      const uid = `${line.generation}:${line.start}-${line.end}`;
      if (!byUid.has(uid)) {
        if (line.start < (last.get(line.generation) ?? 0) && Deno.env.get("WEIR_TRACE")) {
          this.explain(
            this.lines.filter((o) => o.generation === line.generation).map((o) => o.text),
          );
        }
        assert(
          line.start >= (last.get(line.generation) ?? 0),
          `first occurrences of ${line.generation} in order`,
        );
        last.set(line.generation, line.start);
        byUid.set(uid, line);
      }
      assert.equal(byUid.get(uid)!.text, line.text, `${uid} has one text`);
      assert.equal(days.get(uid) ?? line.day, line.day, `${uid} has one day`);
      days.set(uid, line.day);
    }
    const counts = new Map<string, number>();
    for (const { text } of byUid.values()) counts.set(text, (counts.get(text) ?? 0) + 1);
    const lost = this.written.filter((text) => !counts.has(text));
    const doubled = [...counts].filter(([, count]) => count > 1).map(([text]) => text);
    if (Deno.env.get("WEIR_TRACE") !== undefined) this.explain([...lost, ...doubled]);
    assert.deepEqual(
      { lost, doubled, foreign: counts.size - (this.written.length - lost.length) },
      { lost: [], doubled: [], foreign: 0 },
    );
  }

  /** What happened to these lines, for a person: WEIR_TRACE=1. */
  explain(texts: string[]): void {
    console.error(this.trace.join("\n"));
    console.error(texts);
    for (const line of this.lines) {
      if (texts.includes(line.text)) {
        console.error(line.generation, line.start, line.end, line.path, line.text.slice(0, 12));
      }
    }
  }
}

async function run(seed: number): Promise<World> {
  const world = new World(seed);
  await world.start().catch(() => world.set = undefined);
  for (let i = 0; i < STEPS; i++) await world.step();
  await world.heal();
  await world.kill();
  world.check();
  assert.equal(world.files.openHandles, 0, "all handles are closed");
  return world;
}

Deno.test("agent simulation: nothing lost, nothing doubled, in order, one day a line", async () => {
  const seeds = seedsToRun(200);
  const failed: number[] = [];
  let lines = 0, first: unknown;
  for (const seed of seeds) {
    try {
      lines += (await run(seed)).written.length;
    } catch (error) {
      failed.push(seed);
      first ??= error;
      console.error(
        `seed ${seed}; play it again: WEIR_SEED=${seed} deno test -A test/sim/agent_sim_test.ts`,
      );
    }
  }
  console.log(`${seeds.length} seeds from ${seeds[0]}, ${lines} lines written`);
  if (failed.length > 0) {
    console.error(`${failed.length} failed: ${failed.join(" ")}`);
    throw first;
  }
});
