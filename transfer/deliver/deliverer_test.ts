import assert from "node:assert/strict";
import fc from "fast-check";
import { WeirError } from "../../core/errors.ts";
import { startLog } from "../../core/log.ts";
import { ManualClock } from "../../core/ports/clock.ts";
import type { DocumentWriter, LogRecord, WriteOutcome } from "../../core/ports/document_store.ts";
import { Lane } from "../consume/lane.ts";
import { readBatches } from "../consume/record_batch.ts";
import { batchBytes } from "../consume/record_batch_fixture.ts";
import type { DeadLetters } from "../dead_letter.ts";
import { DropRules } from "../topics/drop.ts";
import { LineParser } from "../topics/line_parser.ts";
import { Quotas } from "../topics/quota.ts";
import { NO_RULE, parseRules } from "../topics/rules.ts";
import { Channel, type ChannelOptions } from "./channel.ts";
import { Deliverer, type DelivererOptions } from "./deliverer.ts";
import type { Entry } from "./entry.ts";
import { THROTTLED } from "./pace.ts";

startLog({ write: () => {} });

/**
 * A writer in memory that answers as it is told, first for whole calls, then for single documents.
 */
class ScriptedWriter implements DocumentWriter {
  readonly documents = new Map<string, string>();
  readonly calls: string[][] = [];
  open = 0;
  openMax = 0;
  /** What a call takes. */
  work: () => Promise<void> = () => Promise.resolve();
  answer: (value: string, call: number) => WriteOutcome | WeirError | undefined = () => undefined;

  async write(records: readonly LogRecord[]): Promise<WriteOutcome[]> {
    const values = records.map((record) => new TextDecoder().decode(record.value));
    this.calls.push(values);
    const call = this.calls.length;
    this.openMax = Math.max(this.openMax, ++this.open);
    await this.work();
    this.open--;
    const outcomes: WriteOutcome[] = [];
    for (const [i, value] of values.entries()) {
      const told = this.answer(value, call);
      if (told instanceof WeirError) throw told;
      const { uid } = records[i];
      if (told !== undefined) outcomes.push(told);
      else if (this.documents.has(uid)) outcomes.push({ result: "exists" });
      else {
        this.documents.set(uid, value);
        outcomes.push({ result: "created" });
      }
    }
    return outcomes;
  }
  async close(): Promise<void> {}
}

class MemoryDeadLetters implements DeadLetters {
  readonly entries: Entry[] = [];
  failures = 0;
  async send(entries: readonly Entry[]): Promise<void> {
    if (this.failures-- > 0) throw new WeirError("KAFKA_TIMEOUT", "no answer", { retriable: true });
    this.entries.push(...entries);
  }
  async close(): Promise<void> {}
}

function bench(
  options: Partial<DelivererOptions> = {},
  channelOptions: Partial<ChannelOptions> = {},
  changes: Record<string, unknown> = {},
) {
  const [rule] = parseRules(JSON.stringify([{ topic: "t", ...changes }]), "test");
  const dropped: string[] = [];
  const clock = new ManualClock();
  const writer = new ScriptedWriter(), dead = new MemoryDeadLetters();
  const events = {
    outcome() {},
    bulk() {},
    failed() {},
    dead() {},
    delay() {},
    dropped: (topic: string, name: string) => dropped.push(`${topic} ${name}`),
    read() {},
    fieldsDropped() {},
  };
  const deliverer: Deliverer = new Deliverer(
    writer,
    dead,
    { bytesMax: 1e6, documentsMax: 10, lingerMs: 100, workers: 4, retryMaxMs: 1000, ...options },
    (entry) => channel.release(entry),
    events,
    clock,
  );
  const plan = {
    quota: rule.quota,
    drops: new DropRules(rule.drop, new LineParser(NO_RULE.parse)),
  };
  const channel = new Channel(
    { linesMax: 1000, bytesMax: 1e6, batchBytesMax: 1e6, ...channelOptions },
    () => plan,
    new Quotas(() => 1, clock),
    (entries) => deliverer.push(entries),
    events,
  );
  const lane = new Lane("t", 0);
  const take = (values: (string | null)[], from = Math.max(0, lane.tracker.next), on = lane) =>
    channel.take(on, batchOf(values, from));
  return { clock, dropped, writer, dead, deliverer, channel, lane, take };
}

function batchOf(values: (string | null)[], from: number) {
  return readBatches(batchBytes(values.map((value, i) => ({
    offset: from + i,
    timestampMs: 1000,
    key: null,
    value,
    headers: [],
  }))))[0];
}

/** Lets time pass in small steps, and what is due run to its end at each. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms;; left -= 20) {
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    if (left <= 0) return;
    await clock.advance(Math.min(20, left));
  }
}

const lines = (count: number, prefix = "l") =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const retry = (code: string): WriteOutcome => ({ result: "retry", code, reason: "r" });

Deno.test("Deliverer sends full bulks at once and the rest after the linger", async () => {
  const { clock, writer, take, lane } = bench();
  take(lines(25));
  await pass(clock, 0);
  assert.deepEqual(writer.calls.map((call) => call.length), [10, 10]);
  assert.equal(lane.tracker.position, 20);
  await pass(clock, 100);
  assert.deepEqual(writer.calls.map((call) => call.length), [10, 10, 5]);
  assert.equal(lane.tracker.position, 25);
});

Deno.test("Deliverer retries only what is to be retried, and commits nothing behind it", async () => {
  const { clock, writer, take, lane, deliverer } = bench();
  let blocked = true;
  writer.answer = (value) => value === "l3" && blocked ? retry("ES_CLUSTER_BLOCK") : undefined;
  take(lines(10));
  await pass(clock, 0);
  assert.equal(lane.tracker.position, 3);
  assert.ok(deliverer.problems.has("ES_CLUSTER_BLOCK"));
  await pass(clock, 5000);
  assert.ok(writer.calls.length > 3);
  assert.ok(writer.calls.slice(1).every((call) => call.length === 1 && call[0] === "l3"));
  assert.equal(lane.tracker.position, 3);
  blocked = false;
  await pass(clock, 2000);
  assert.equal(lane.tracker.position, 10);
  assert.equal(deliverer.problems.size, 0);
});

Deno.test("Deliverer says which lines are refused, since when, and what helps, until they are written", async () => {
  const { clock, writer, take, deliverer, channel } = bench();
  let refused: WriteOutcome | undefined = {
    result: "retry",
    code: "ES_NOT_ALLOWED",
    reason: "403 security_exception: action [indices:data/write/index] is unauthorized",
    hint: "Give it create_doc.",
  };
  writer.answer = (value) => value.startsWith("no") ? refused : undefined;
  const other = new Lane("other", 0), sinceMs = clock.wallMs();
  channel.take(other, batchOf(lines(5), 0));
  take(["a", "no 1", "no 2", "b"]);
  await pass(clock, 100);
  assert.deepEqual(deliverer.notReady(), [], "once is no state");
  await pass(clock, 5000);
  assert.equal(deliverer.failures, 0, "the writer answers");
  const [[code, { attempts, sinceMs: since, ...problem }], ...more] = deliverer.problems;
  assert.deepEqual(more, []);
  assert.equal(code, "ES_NOT_ALLOWED");
  assert.ok(attempts >= 3, `${attempts} attempts`);
  assert.deepEqual(problem, {
    reason: "403 security_exception: action [indices:data/write/index] is unauthorized",
    hint: "Give it create_doc.",
    lines: 2,
    topics: ["t"],
  });
  assert.ok(since >= sinceMs && since <= sinceMs + 200, "since the first refusal");
  const text = "ES_NOT_ALLOWED: 2 lines of t cannot be written since " +
    `${new Date(since).toISOString()}: 403 security_exception: action ` +
    "[indices:data/write/index] is unauthorized. Give it create_doc.";
  assert.deepEqual(deliverer.notReady(), [text]);
  // New lines that are written do not hide those that are not.
  take(lines(20, "m"));
  await pass(clock, 200);
  assert.deepEqual(deliverer.notReady(), [text]);
  refused = undefined;
  await pass(clock, 5000);
  assert.deepEqual(deliverer.notReady(), []);
  assert.equal(deliverer.problems.size, 0);
});

Deno.test("Deliverer is not ready for lines of which the writer says that it has too much to do only where that lasts", async () => {
  const { clock, writer, take, deliverer } = bench({ retryMaxMs: 60_000 });
  writer.answer = () => retry(THROTTLED);
  take(lines(3));
  await pass(clock, 5000);
  assert.equal(deliverer.problems.get(THROTTLED)?.lines, 3);
  assert.deepEqual(deliverer.notReady(), []);
  await pass(clock, 120_000);
  assert.match(deliverer.notReady().join(), /^ES_THROTTLED: 3 lines of t cannot be written since/);
});

Deno.test("Deliverer sends dead letters before their offset counts as finished", async () => {
  const { clock, writer, dead, take, lane } = bench();
  writer.answer = (value) =>
    value === "l1" ? { result: "rejected", code: "ES_REJECTED", reason: "no" } : undefined;
  dead.failures = 3;
  take(lines(10));
  await pass(clock, 0);
  assert.equal(lane.tracker.position, 1);
  await pass(clock, 10_000);
  assert.equal(lane.tracker.position, 10);
  assert.deepEqual(dead.entries.map((entry) => [entry.offset, entry.dead?.code]), [[
    1,
    "ES_REJECTED",
  ]]);
  assert.equal(writer.calls.length, 1, "a dead letter is not written again");
});

Deno.test("Deliverer sends one request at a time while the writer fails as a whole", async () => {
  const { clock, writer, take, lane, deliverer } = bench();
  let down = true;
  writer.answer = () =>
    down ? new WeirError("ES_UNREACHABLE", "x", { retriable: true }) : undefined;
  take(lines(40));
  await pass(clock, 0);
  assert.equal(writer.calls.length, 4);
  assert.equal(deliverer.failures, 1, "requests that were open together count once");
  writer.openMax = 0;
  await pass(clock, 20_000);
  assert.equal(writer.openMax, 1);
  assert.ok(writer.calls.length < 60, `${writer.calls.length} calls in 20 s`);
  down = false;
  await pass(clock, 5000);
  assert.equal(lane.tracker.position, 40);
  assert.equal(deliverer.failures, 0);
});

Deno.test("Deliverer sends fewer requests at once while it is told 429, and more again later", async () => {
  const { clock, writer, take, lane, deliverer } = bench();
  let busy = true;
  writer.answer = () => busy ? retry(THROTTLED) : undefined;
  take(lines(100));
  await pass(clock, 5000);
  assert.equal(deliverer.limit, 1);
  busy = false;
  await pass(clock, 10_000);
  assert.equal(lane.tracker.position, 100);
  for (let i = 0; i < 30; i++) {
    take(lines(10, `m${i}-`));
    await pass(clock, 100);
  }
  assert.equal(deliverer.limit, 4);
});

Deno.test("Deliverer sends smaller requests where full ones are not answered in time, and full ones again later", async () => {
  const { clock, writer, take, lane } = bench({ documentsMax: 256 });
  const late = new WeirError("ES_TIMEOUT", "no answer in time", { retriable: true });
  let most = 40;
  writer.answer = (_, call) => writer.calls[call - 1].length > most ? late : undefined;
  take(lines(900));
  await pass(clock, 60_000);
  assert.equal(lane.tracker.position, 900);
  assert.equal(writer.documents.size, 900, "each line once");
  const taken = writer.calls.filter((call) => call.length <= most).flat();
  assert.equal(taken.length, 900, "and none that was written is sent again");
  const failed = writer.calls.filter((call) => call.length > most).map((call) => call.length);
  assert.ok(failed.length < 40, `few attempts for nothing: ${failed}`);
  assert.ok(failed.slice(5).every((length) => length <= 64), `none of them large: ${failed}`);
  most = Infinity;
  for (let round = 0; round < 30; round++) {
    take(lines(512));
    await pass(clock, 500);
  }
  assert.ok(writer.calls.some((call, i) => i > 20 && call.length === 256), "full ones again");
});

Deno.test("Deliverer drops what a lost partition has in memory, and nothing is finished for it", async () => {
  const { clock, writer, take, lane, channel } = bench();
  take(lines(5));
  lane.live = false;
  await pass(clock, 1000);
  assert.equal(writer.calls.length, 0);
  assert.equal(lane.tracker.position, -1);
  assert.equal(channel.lines, 0);
});

Deno.test("Deliverer.drain() finishes what it can and says what is left", async () => {
  const { clock, writer, take, deliverer } = bench();
  take(lines(5));
  assert.equal(await deliverer.drain(1000), 0);
  assert.equal(writer.documents.size, 5);
  const other = bench();
  other.writer.answer = () => new WeirError("ES_UNREACHABLE", "x", { retriable: true });
  other.take(lines(5));
  const left = other.deliverer.drain(1000);
  await pass(other.clock, 1000);
  assert.equal(await left, 5);
  await pass(clock, 0);
});

Deno.test("Channel bounds lines and bytes, and goes on where it stopped", async () => {
  const { clock, writer, channel, lane } = bench({ documentsMax: 1000 }, { linesMax: 100 });
  let down = true;
  writer.answer = () =>
    down ? new WeirError("ES_UNREACHABLE", "x", { retriable: true }) : undefined;
  const batch = batchOf(lines(150), 0);
  assert.equal(channel.take(lane, batch), false);
  assert.equal(channel.lines, 100);
  assert.equal(lane.tracker.next, 100);
  assert.equal(channel.wants(lane), false);
  down = false;
  await pass(clock, 5000);
  assert.equal(channel.lines, 0);
  assert.equal(channel.wants(lane), true);
  assert.equal(channel.take(lane, batch), true);
  await pass(clock, 5000);
  assert.equal(lane.tracker.position, 150);
  assert.equal(writer.documents.size, 150);
});

Deno.test("Channel leaves room for other partitions while one is stuck", () => {
  const { channel, lane } = bench({ documentsMax: 1e6 }, { linesMax: 100 });
  for (let from = 0; channel.wants(lane); from += 10) channel.take(lane, batchOf(lines(10), from));
  assert.equal(lane.lines, 50);
  const other = new Lane("t", 1);
  assert.equal(channel.wants(other), true);
  channel.take(other, batchOf(lines(10), 0));
  assert.equal(other.lines, 10);
});

Deno.test("Channel drops tombstones by name and takes a batch that nobody can read as one dead letter", async () => {
  const { clock, dead, channel, lane } = bench();
  channel.take(lane, batchOf(["a", null, "b"], 0));
  const bytes = batchBytes(
    [0, 1, 2].map((i) => ({ offset: 3 + i, timestampMs: 1, key: null, value: "x", headers: [] })),
    { attributes: 6 },
  );
  assert.equal(channel.take(lane, readBatches(bytes)[0]), true);
  await pass(clock, 1000);
  assert.equal(lane.tracker.position, 6);
  assert.deepEqual(
    dead.entries.map((entry) => [entry.offset, entry.record, entry.dead?.code]),
    [[3, null, "KAFKA_BATCH_UNREADABLE"]],
  );
});

Deno.test("Whatever the writer answers, each line is written or dead once before it counts as finished", async () => {
  const outcome = fc.constantFrom("ok", "ok", "ok", "retry", "throttle", "reject", "fail");
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { maxLength: 300 }),
      fc.integer({ min: 1, max: 60 }),
      async (script, count) => {
        const { clock, writer, dead, take, lane } = bench();
        const told = script[Symbol.iterator]();
        const rejected = new Set<string>();
        writer.answer = (value) => {
          const next = told.next().value;
          if (rejected.has(value)) assert.fail("a dead line was written again");
          if (next === "retry") return retry("ES_UNAVAILABLE");
          if (next === "throttle") return retry(THROTTLED);
          if (next === "fail") return new WeirError("ES_TIMEOUT", "x", { retriable: true });
          if (next !== "reject") return undefined;
          return { result: "rejected", code: "ES_REJECTED", reason: "r" };
        };
        take(lines(count));
        for (let turn = 0; turn < 200; turn++) {
          await pass(clock, 500);
          const known = new Set([
            ...writer.documents.values(),
            ...dead.entries.map((one) => `l${one.offset}`),
          ]);
          for (let i = 0; i < lane.tracker.position; i++) {
            assert.ok(
              known.has(`l${i}`),
              `line ${i}`,
            );
          }
          if (lane.tracker.position === count) break;
        }
        assert.equal(lane.tracker.position, count);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("Channel drops what a rule names, counts it, and what is behind it can be committed", async () => {
  const { clock, writer, dropped, lane, take, channel } = bench({}, {}, {
    drop: [{ name: "health", contains: "health" }],
  });
  take(["health 1", "a", null, "health 2"]);
  assert.deepEqual(dropped, ["t health", "t tombstone", "t health"]);
  assert.equal(channel.lines, 1);
  assert.equal(lane.tracker.position, 1);
  await clock.advance(100);
  assert.deepEqual([...writer.documents.values()], ["a"]);
  assert.equal(lane.tracker.position, 4);
});

Deno.test("Channel over its quota waits, or drops and counts", async () => {
  const waiting = bench({}, {}, { quota: { linesPerSecond: 1 } });
  assert.equal(waiting.channel.wants(waiting.lane), true);
  waiting.take(["a", "b", "c"]);
  assert.equal(waiting.channel.wants(waiting.lane), false);
  await waiting.clock.advance(2000);
  assert.equal(waiting.channel.wants(waiting.lane), true);
  assert.deepEqual(waiting.dropped, []);

  const dropping = bench({}, {}, { quota: { linesPerDay: 2, over: "drop" } });
  dropping.take(["a", "b", "c", "d"]);
  assert.equal(dropping.channel.wants(dropping.lane), true);
  assert.deepEqual(dropping.dropped, ["t quota", "t quota"]);
  await dropping.clock.advance(100);
  assert.deepEqual([...dropping.writer.documents.values()], ["a", "b"]);
  assert.equal(dropping.lane.tracker.position, 4);
});

Deno.test("Deliverer sends fewer requests at once where more only wait for one another", async () => {
  const { clock, writer, deliverer, take } = bench({ workers: 8, documentsMax: 10 });
  // One at a time takes 100 ms, and each that is open beside it as much again.
  writer.work = async () => await clock.sleep(100 * writer.open);
  for (let i = 0; i < 60; i++) {
    take(Array.from({ length: 40 }, (_, k) => `${i} ${k}`));
    await clock.advance(100);
  }
  assert.ok(deliverer.limit <= 4, String(deliverer.limit));
  writer.work = async () => await clock.sleep(100);
  for (let i = 0; i < 200; i++) {
    take(Array.from({ length: 40 }, (_, k) => `later ${i} ${k}`));
    await clock.advance(100);
  }
  assert.equal(deliverer.limit, 8);
});
