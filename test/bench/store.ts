/**
 * The benchmark of the embedded store: `npm run bench:store [-- --lines N] [--days D] [--live]
 * [--json]`. Makes the lines of lines.ts as a file, reads it in chunks of 1 MB as the agent does,
 * stores them, and asks questions. VictoriaLogs gets the same lines where `victoria-logs` is on the
 * PATH. Prints figures; asserts nothing but that the answers are right.
 */
import assert from "node:assert/strict";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import process from "node:process";
import { LINES_MAX, splitLines } from "../../agent/tail/splitter.ts";
import type { Query } from "../../core/ports/document_store.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { COMMON_PHRASE, describe, type LinesMade, makeLines, RARE_WORD, REGEXP } from "./lines.ts";
import { benchVictoriaLogs } from "./victoria_logs.ts";

export interface StoreFigures {
  lines_per_cpu_s: number;
  lines_per_s: number;
  disk_ratio: number;
  rare_word_ms: number;
  rare_word_cpu_ms: number;
  phrase_ms: number;
  phrase_cpu_ms: number;
  regexp_ms: number;
  regexp_cpu_ms: number;
  count_by_hour_ms: number;
  first_results_ms: number;
  rss_mb: number;
}

const DAY_MS = 86_400_000;
const END_MS = Date.UTC(2026, 10, 21);
const CHUNK_BYTES = 1 << 20;
const RUNS = 5;

/** CPU seconds of this process so far. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Highest resident memory of this process, MB. */
function peakMb(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

function chunkOf(
  generation: string,
  start: number,
  bytes: Uint8Array,
  marks: Int32Array,
  lines: number,
  consumed: number,
): LineChunk {
  return {
    topic: "bench",
    generation,
    path: "/var/log/bench.log",
    host: "bench",
    start,
    end: start + consumed,
    bytes,
    marks,
    lines,
    day: "2026-11-21",
    tz: "UTC",
  };
}

/** Stores the file; returns CPU seconds and wall seconds. */
function load(store: EmbeddedStore, path: string): { cpuS: number; wallS: number } {
  const marks = new Int32Array(LINES_MAX * 3);
  const file = openSync(path, "r");
  const size = statSync(path).size;
  const cpu = cpuSeconds(), wall = performance.now();
  const bytes = new Uint8Array(CHUNK_BYTES);
  let offset = 0;
  while (offset < size) {
    const count = readSync(file, bytes, 0, bytes.length, offset);
    const { lines, consumed } = splitLines(bytes, 0, count, marks, 262_144);
    const chunk = chunkOf("benchbenchbench1", offset, bytes, marks, lines, consumed);
    store.appendChunks([chunk], Date.now());
    offset += consumed;
  }
  closeSync(file);
  return { cpuS: cpuSeconds() - cpu, wallS: (performance.now() - wall) / 1000 };
}

/** Median of the times of some runs, and the mean of their CPU time over all threads, ms. */
async function timed(run: () => Promise<void>): Promise<{ ms: number; cpuMs: number }> {
  const times: number[] = [], cpu = cpuSeconds();
  for (let i = 0; i < RUNS; i++) {
    const since = performance.now();
    await run();
    times.push(performance.now() - since);
  }
  const cpuMs = (cpuSeconds() - cpu) * 1000 / RUNS;
  return { ms: times.sort((a, b) => a - b)[RUNS >> 1], cpuMs };
}

async function ask(store: EmbeddedStore, made: LinesMade): Promise<Partial<StoreFigures>> {
  const signal = new AbortController().signal;
  const rare: Query = { kind: "word", text: RARE_WORD, prefix: false };
  const collect = async (query: Query, limit: number) => {
    let found = 0;
    const request = { query, order: "newest", limit } as const;
    for await (const batch of store.search(request, signal)) found += batch.length;
    return found;
  };
  const wanted = Math.floor((made.lines + 99_996) / 200_000);
  const rareWord = await timed(async () => {
    assert.equal(await collect(rare, 1000), wanted, "lines with the rare word");
  });
  let phrases = 0, matches = 0;
  const phrase = await timed(async () => {
    phrases = await store.count({ query: { kind: "phrase", text: COMMON_PHRASE } }, signal);
  });
  const regexp = await timed(async () => {
    matches = await store.count(
      { query: { kind: "regex", field: "message", source: REGEXP } },
      signal,
    );
  });
  assert.ok(phrases > made.lines / 4 && matches > 0, "phrase and regular expression are found");
  const countByHour = await timed(async () => {
    const request = { query: { kind: "all" } as Query, bucketMs: 3_600_000 };
    const buckets = await store.histogram(request, signal);
    assert.equal(buckets.reduce((sum, bucket) => sum + bucket.count, 0), made.lines);
  });
  const firstResults = await timed(async () => {
    const request = { query: { kind: "phrase", text: COMMON_PHRASE }, order: "newest", limit: 1e6 };
    for await (const _ of store.search(request as never, signal)) break;
  });
  return {
    rare_word_ms: rareWord.ms,
    rare_word_cpu_ms: rareWord.cpuMs,
    phrase_ms: phrase.ms,
    phrase_cpu_ms: phrase.cpuMs,
    regexp_ms: regexp.ms,
    regexp_cpu_ms: regexp.cpuMs,
    count_by_hour_ms: countByHour.ms,
    first_results_ms: firstResults.ms,
  };
}

const LIVE_RUNS = 20;
/** So many lines come in at once, this often; their times go on as those of a file do. */
const LIVE_LINES = 2_000;
const LIVE_MS = 100;

/** The same kind of questions while lines keep coming in: p95 of each, ms. */
async function askLive(store: EmbeddedStore, made: LinesMade): Promise<Record<string, number>> {
  const signal = new AbortController().signal;
  const { lastMs = 0 } = store.stats();
  const marks = new Int32Array(LINES_MAX * 3);
  let offset = 0, round = 0, running = true;
  const writing = (async () => {
    while (running) {
      const pieces: Uint8Array[] = [];
      const times = { startMs: lastMs + LIVE_MS * round++, spanMs: LIVE_MS };
      makeLines({ lines: LIVE_LINES, seed: offset + 1, ...times }, (piece) => pieces.push(piece));
      for (const bytes of pieces) {
        const { lines, consumed } = splitLines(bytes, 0, bytes.length, marks, 262_144);
        const chunk = chunkOf("benchbenchbench2", offset, bytes, marks, lines, consumed);
        store.appendChunks([chunk], Date.now());
        offset += consumed;
      }
      await new Promise((resolve) => setTimeout(resolve, LIVE_MS));
    }
  })();
  const first = async (query: Query, limit: number) => {
    const request = { query, order: "newest", limit } as const;
    for await (const _ of store.search(request, signal)) if (limit > 1000) return;
  };
  const day = {
    query: { kind: "all" } as Query,
    fromMs: lastMs - DAY_MS,
    toMs: lastMs,
    bucketMs: 600_000,
  };
  const regexp: Query = { kind: "regex", field: "message", source: REGEXP };
  const hour = { query: regexp, fromMs: lastMs - 5_400_000, toMs: lastMs - 1_800_000 };
  const questions: Record<string, () => Promise<unknown>> = {
    live_rare_word_p95_ms: () => first({ kind: "word", text: RARE_WORD, prefix: false }, 1000),
    live_day_histogram_p95_ms: () => store.histogram(day, signal),
    live_hour_regexp_p95_ms: () => store.count(hour, signal),
    live_first_results_p95_ms: () => first({ kind: "phrase", text: COMMON_PHRASE }, made.lines),
  };
  const figures: Record<string, number> = {};
  for (const [name, run] of Object.entries(questions)) {
    const times: number[] = [];
    for (let i = 0; i < LIVE_RUNS; i++) {
      const since = performance.now();
      await run();
      times.push(performance.now() - since);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    figures[name] = times.sort((a, b) => a - b)[Math.ceil(LIVE_RUNS * 0.95) - 1];
  }
  running = false;
  await writing;
  return figures;
}

/** Makes the lines in a process of its own, so that its memory is not counted. */
async function makeFile(path: string, lines: number, days: number): Promise<LinesMade> {
  const own = ["--make", path, String(lines), String(days)];
  const args = Deno.build.standalone ? own : ["run", "-A", "-q", import.meta.filename!, ...own];
  const output = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  assert.ok(output.success, "the lines are made");
  return JSON.parse(new TextDecoder().decode(output.stdout));
}

function makeFileHere([path, lines, days]: string[]): void {
  const file = Deno.openSync(path, { write: true, create: true, truncate: true });
  // They end with the day before that of reading: a time without a year is never one to come.
  const spanMs = Number(days) * DAY_MS;
  const options = { lines: Number(lines), startMs: END_MS - spanMs, spanMs };
  const made = makeLines(options, (piece) => {
    for (let at = 0; at < piece.length;) at += file.writeSync(piece.subarray(at));
  });
  file.close();
  console.log(JSON.stringify(made));
}

async function main(args: string[]): Promise<void> {
  const option = (name: string, initial: number) => {
    const at = args.indexOf(name);
    return at < 0 ? initial : Number(args[at + 1]);
  };
  const json = args.includes("--json");
  const folder = Deno.makeTempDirSync({ prefix: "weir-bench-" });
  try {
    const path = `${folder}/lines.log`;
    const made = await makeFile(path, option("--lines", 1_000_000), option("--days", 1));
    if (!json) console.log(describe(made));
    const store = new EmbeddedStore({ folder: `${folder}/store` });
    const { cpuS, wallS } = load(store, path);
    const stats = store.stats();
    assert.equal(stats.lines, made.lines, "every line is stored");
    const weir = {
      lines_per_cpu_s: Math.round(made.lines / cpuS),
      lines_per_s: Math.round(made.lines / wallS),
      disk_ratio: stats.diskBytes / made.bytes,
      ...await ask(store, made),
      ...(args.includes("--live") && await askLive(store, made)),
      rss_mb: peakMb(),
    } as StoreFigures;
    await store.close();
    const peer = await benchVictoriaLogs(path, made);
    const all = { weir, ...(peer && { "victoria-logs": peer }) };
    if (json) console.log(JSON.stringify({ data: made, ...all }));
    else {
      for (const [name, figures] of Object.entries(all)) print(name, figures);
      if (peer === undefined) console.log("victoria-logs: not on the PATH, not measured");
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function print(name: string, figures: object): void {
  console.log(name);
  for (const [key, value] of Object.entries(figures)) {
    const text = key === "disk_ratio" ? value.toFixed(3) : value.toFixed(value < 100 ? 1 : 0);
    console.log(`  ${key.padEnd(26)} ${text}`);
  }
}

if (Deno.args[0] === "--make") makeFileHere(Deno.args.slice(1));
else await main(Deno.args);
