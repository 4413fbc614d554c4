/**
 * A simulated world for the agent's tail: writers that append, tear lines in two, rotate by rename, by copy and
 * truncate in one step or slowly, remove and write anew; entries that change, two topics for one file; kills at any
 * moment, refused and repeated deliveries, lost file events, reads that fail, a full disk, a torn checkpoint, midnight,
 * a clock that jumps. Every seed is one world. When all is healed, `check` finds every line there once by its uid, in
 * order within its generation, each with one day, for each topic that wants it.
 */
import assert from "node:assert/strict";
import { BufferPool } from "../../agent/tail/buffers.ts";
import { CheckpointStore } from "../../agent/checkpoint/checkpoint_store.ts";
import { parseEntries } from "../../agent/tail/entries.ts";
import { TailSet } from "../../agent/tail/tail_set.ts";
import { WeirError } from "../../core/errors.ts";
import type { KeptLine } from "../../core/ports/memory_line_sink.ts";
import { Random } from "../support/random.ts";
import { SimClock } from "./sim_clock.ts";
import { SimFiles } from "./sim_files.ts";
import { SimLineSink } from "./sim_line_sink.ts";

const PATHS = ["/log/a.log", "/log/b.log", "/log/sub/c.log"];
const ALL = `{"path": "/log/**/*.log*", "topic": "t"}`;
const A_TOO = `{"path": "/log/a.log*", "topic": "u"}`;
const WITHOUT_C = `{"path": "/log/**/*.log*", "topic": "t", "exclude": ["/log/sub/**"]}`;
/** Of the names that this file gets no entry of its own topic means any but this one. */
const B_ALONE = `{"path": "/log/b.log", "topic": "v"}`;
/** What is tailed at the end; before that, any of the others. */
const WHOLE = `[${ALL}, ${A_TOO}, ${B_ALONE}]`;
const ENTRIES = [
  WHOLE,
  `[${ALL}, ${B_ALONE}]`,
  `[${A_TOO}, ${WITHOUT_C}, ${B_ALONE}]`,
  `[${B_ALONE}, ${WITHOUT_C}]`,
];

export class World {
  readonly random: Random;
  readonly files: SimFiles;
  readonly clock: SimClock;
  readonly lines: KeptLine[] = [];
  readonly written: string[] = [];
  entries = WHOLE;
  /** Texts by the path of the file that they were written to: what `/log/a.log` wrote is wanted twice. */
  readonly origin = new Map<string, string>();
  /** A torn line: what was written of it, by path; its rest comes later. */
  readonly torn = new Map<string, string>();
  sink!: SimLineSink;
  set: TailSet | undefined;
  rotations = 0;
  /** In a third of the worlds files are opened in turn. */
  readonly openMax: number;
  trace: string[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
    this.clock = new SimClock(this.random, Date.UTC(2026, 10, 21, 23, 59, 30));
    this.files = new SimFiles(this.random);
    this.files.reuseInodes = this.random.chance(0.5);
    this.openMax = seed % 3 === 0 ? 3 : 1000;
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
        openMax: this.openMax,
        turnMs: 2000,
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
        broken() {},
        cut() {},
        counted() {},
        acknowledged() {},
      },
    );
    await this.set.start();
    this.set.apply(parseEntries(this.entries, "simulation"));
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
    this.files.writeFailure = new WeirError("DISK_FULL", "killed");
    const stopped = Promise.all([this.sink.stop(), set.stop(0)]);
    await this.settle(1000);
    await stopped;
    this.files.writeFailure = undefined;
    this.files.faulty = faulty;
    if (faulty && this.random.chance(0.2)) this.#tearCheckpoint();
  }

  /** The checkpoint that was being written when the machine went: its slot holds rubbish, the other one is whole. */
  #tearCheckpoint(): void {
    const slots = ["/state/checkpoint.a", "/state/checkpoint.b"]
      .filter((path) => this.files.paths().includes(path));
    if (slots.length < 2) return;
    const number = (path: string) =>
      JSON.parse(new TextDecoder().decode(this.files.content(path)).split("\n")[0])
        .number as number;
    const older = number(slots[0]) < number(slots[1]) ? slots[0] : slots[1];
    this.trace.push(`torn ${older}`);
    this.files.truncate(older, this.random.below(this.files.content(older).length));
  }

  #line(path: string): string {
    const number = this.written.length + 1;
    const text = `line ${String(number).padStart(6, "0")} ${"x".repeat(this.random.below(60))}`;
    this.written.push(text);
    this.origin.set(text, path);
    return text;
  }

  /** `origin` where the file was renamed: its lines are those of that one. */
  append(path: string, origin = path): void {
    let text = "";
    const torn = this.torn.get(path);
    if (torn !== undefined) text = torn + "\n";
    this.torn.delete(path);
    for (let i = this.random.below(8); i >= 0; i--) text += `${this.#line(origin)}\n`;
    if (this.random.chance(0.2)) {
      const line = this.#line(origin), cut = this.random.below(line.length);
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
    const path = this.random.pick(PATHS);
    const exists = this.files.paths().includes(path);
    const roll = this.random.below(100);
    if (roll < 50 || !exists) {
      this.trace.push(`append ${path}`);
      this.append(path);
    } else if (roll < 68) {
      await this.#rotate(path, roll);
    } else if (roll < 72) {
      this.#remove(path);
    } else if (roll < 80 && this.set !== undefined) {
      this.trace.push("kill");
      await this.kill();
    } else if (this.set === undefined) {
      this.trace.push("start");
      await this.start().catch((error) => {
        this.set = undefined;
        this.trace.push(`start failed: ${error.code}`);
      });
    } else if (roll < 84) {
      await this.set.save().catch(() => {}); // a full disk: the next one may do
    } else if (roll < 88) {
      this.entries = this.random.pick(ENTRIES);
      this.trace.push(`apply ${this.entries}`);
      this.set.apply(parseEntries(this.entries, "simulation"));
    }
    await this.settle(this.random.below(4) * 500);
  }

  async #rotate(path: string, roll: number): Promise<void> {
    this.finishLine(path);
    const to = `${path}.${++this.rotations}`;
    if (roll < 58) {
      this.trace.push(`rename ${path} ${to}`);
      this.files.rename(path, to);
      if (this.random.chance(0.3)) this.append(to, path);
      this.finishLine(to);
    } else {
      // Where files are opened in turn, a copy that is seen half written may double: a documented limit.
      const isSlow = roll >= 63 && this.openMax > PATHS.length;
      this.trace.push(`${isSlow ? "slow copytruncate" : "copytruncate"} ${path} ${to}`);
      if (!isSlow) this.files.copy(path, to);
      else await this.#copySlowly(path, to);
      this.files.truncate(path);
      this.append(path); // a file that begins with another number: the limit of equal banners is documented
    }
  }

  /** The copy is seen while it is written. */
  async #copySlowly(from: string, to: string): Promise<void> {
    const bytes = this.files.content(from).slice();
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + 1 + this.random.below(bytes.length));
      this.files.append(to, bytes.slice(at, end));
      at = end;
      await this.settle(this.random.below(3) * 500);
    }
    if (bytes.length === 0) this.files.append(to, "");
    await this.settle(this.random.below(3) * 500);
  }

  /** Removes a file, or an older rotated one, all of whose lines have arrived; it is often written anew at once. */
  #remove(path: string): void {
    const whole = this.files.paths().filter((one) => one.startsWith("/log/") && this.#arrived(one));
    if (whole.length === 0) return;
    const gone = this.random.pick(whole);
    this.trace.push(`remove ${gone}`);
    void this.files.remove(gone);
    if (PATHS.includes(gone) && this.random.chance(0.7)) this.append(path);
  }

  #arrived(path: string): boolean {
    if (this.torn.has(path)) return false;
    const arrived = new Set(this.lines.map(({ topic, text }) => `${topic} ${text}`));
    const begun = this.#begunAlone();
    const lines = new TextDecoder().decode(this.files.content(path)).split("\n").slice(0, -1);
    return lines.every((text) =>
      arrived.has(`t ${text}`) && (!begun.has(text) || arrived.has(`v ${text}`)) &&
      (!this.origin.get(text)!.startsWith("/log/a.log") || arrived.has(`u ${text}`))
    );
  }

  /** Lines of the lives of which `v` has any: of one that it knows it is to have all, whatever its name becomes. */
  #begunAlone(): Set<string> {
    const lives = new Set(
      this.lines.filter(({ topic }) => topic === "v").map(({ generation }) => generation),
    );
    return new Set(
      this.lines.filter(({ topic, generation }) => topic === "t" && lives.has(generation))
        .map(({ text }) => text),
    );
  }

  async heal(): Promise<void> {
    this.files.faulty = false;
    for (const path of [...this.torn.keys()]) this.finishLine(path);
    if (this.set !== undefined) await this.kill();
    this.entries = WHOLE;
    await this.start();
    await this.settle(60_000);
  }

  check(): void {
    for (const topic of ["t", "u"]) {
      const wanted = this.written.filter((text) =>
        topic === "t" || this.origin.get(text) === PATHS[0]
      );
      this.#checkTopic(this.lines.filter((line) => line.topic === topic), wanted, topic);
    }
    this.#checkTopic(
      this.lines.filter((line) => line.topic === "v"),
      [...this.#begunAlone()],
      "v",
    );
  }

  #checkTopic(lines: KeptLine[], wanted: string[], topic: string): void {
    const byUid = new Map<string, KeptLine>();
    const days = new Map<string, string>();
    const last = new Map<string, number>();
    for (const line of lines) {
      const uid = `${line.generation}:${line.start}-${line.end}`;
      if (!byUid.has(uid)) {
        const inOrder = line.start >= (last.get(line.generation) ?? 0);
        if (!inOrder) this.explain([line.text]);
        assert(inOrder, `first occurrences of ${line.generation} in order`);
        last.set(line.generation, line.start);
        byUid.set(uid, line);
      }
      assert.equal(byUid.get(uid)!.text, line.text, `${uid} has one text`);
      assert.equal(days.get(uid) ?? line.day, line.day, `${uid} has one day`);
      days.set(uid, line.day);
    }
    const counts = new Map<string, number>();
    for (const { text } of byUid.values()) counts.set(text, (counts.get(text) ?? 0) + 1);
    const lost = wanted.filter((text) => !counts.has(text));
    const doubled = [...counts].filter(([, count]) => count > 1).map(([text]) => text);
    const foreign = [...counts.keys()].filter((text) => !this.origin.has(text));
    this.explain([...lost, ...doubled, ...foreign]);
    assert.deepEqual(
      { topic, lost, doubled, foreign, wrong: counts.size - (wanted.length - lost.length) },
      { topic, lost: [], doubled: [], foreign: [], wrong: 0 },
    );
  }

  /** What happened to these lines, for a person: WEIR_TRACE=1. */
  explain(texts: string[]): void {
    if (Deno.env.get("WEIR_TRACE") === undefined) return;
    console.error(this.trace.join("\n"));
    console.error(texts);
    for (const line of this.lines) {
      if (texts.includes(line.text)) {
        console.error(
          line.topic,
          line.generation,
          line.start,
          line.end,
          line.path,
          line.text.slice(0, 12),
        );
      }
    }
  }
}
