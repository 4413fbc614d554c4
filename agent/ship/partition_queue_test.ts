/** The order of batches where brokers fail, forget, and know nothing yet. */
import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { BuilderPool } from "./builder_pool.ts";
import { type Batch, PartitionQueue, type Pending } from "./partition_queue.ts";

const BATCH_BYTES = 4096, IN_FLIGHT_MAX = 5, LINE = "x".repeat(3000);
const GONE = new WeirError("KAFKA_UNREACHABLE", "no answer", { retriable: true });

/** A queue with chunks of a line each, each as large as a batch. */
function queueOf(chunks: number, sinceMs = 0): PartitionQueue {
  const queue = new PartitionQueue("t", 0, BATCH_BYTES, new BuilderPool(BATCH_BYTES, 0));
  queue.producer = { id: 7n, epoch: 0 };
  for (let n = 0; n < chunks; n++) queue.push(pendingOf(n, sinceMs));
  return queue;
}

function pendingOf(n: number, since: number): Pending {
  const bytes = new TextEncoder().encode(LINE);
  const chunk = {
    topic: "t",
    generation: "AAAAAAAAAAAAAAAA",
    path: "/var/log/a",
    host: "h",
    start: n * 3001,
    end: (n + 1) * 3001,
    bytes,
    marks: Int32Array.of(0, bytes.length, bytes.length + 1),
    lines: 1,
    day: "2026-11-21",
    tz: "UTC",
    fields: {},
  };
  return { chunk, next: 0, done: 0, since, resolve: () => {}, reject: () => {} };
}

/** Takes what may fly now. */
function takeAll(queue: PartitionQueue, nowMs = 0): Batch[] {
  const taken: Batch[] = [];
  while (queue.dueAt(0, IN_FLIGHT_MAX) <= nowMs) taken.push(queue.take(0, "none", 0));
  return taken;
}

// A broker that has no number of a producer takes any: what flies behind a first batch that it refused would pass it.
Deno.test("PartitionQueue sends one batch until the broker has a number of this producer", () => {
  const queue = queueOf(8);
  const [first, ...more] = takeAll(queue);
  assert.equal(more.length, 0);
  queue.delivered(first);
  assert.equal(takeAll(queue).length, IN_FLIGHT_MAX);
});

Deno.test("PartitionQueue sends one batch after a failure until it is there", () => {
  const queue = queueOf(8);
  queue.delivered(takeAll(queue)[0]);
  const flying = takeAll(queue);
  for (const batch of flying) queue.again(batch, 0);
  for (const expected of flying.slice(0, 1)) {
    const [again, ...more] = takeAll(queue);
    assert.equal(again.sequence, expected.sequence);
    assert.equal(more.length, 0);
    queue.delivered(again);
  }
  assert.deepEqual(
    takeAll(queue).map(({ sequence }) => sequence).slice(0, 4),
    flying.slice(1).map(({ sequence }) => sequence),
  );
});

Deno.test("PartitionQueue sends one batch after a new identity, and after a long idle time", () => {
  const queue = queueOf(4);
  queue.delivered(takeAll(queue)[0]);
  const [held, ...others] = takeAll(queue);
  queue.hold(held, GONE);
  for (const batch of others) queue.again(batch, 0);
  queue.renumber({ id: 8n, epoch: 0 });
  const [first, ...more] = takeAll(queue);
  assert.equal(first.sequence, 0);
  assert.equal(more.length, 0);
  queue.delivered(first);
  for (const batch of takeAll(queue)) queue.delivered(batch);
  assert(queue.empty);
  const laterMs = 86_400_000;
  for (let n = 4; n < 8; n++) queue.push(pendingOf(n, laterMs));
  assert.equal(takeAll(queue, laterMs).length, 1);
});

Deno.test("PartitionQueue sends many lines at once again behind one that a broker found too long", () => {
  const queue = new PartitionQueue("t", 0, BATCH_BYTES, new BuilderPool(BATCH_BYTES, 0));
  const lines = [...Array(20).fill("short"), LINE, ...Array(2000).fill("short")];
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  const marks = new Int32Array(lines.length * 3);
  lines.reduce((at, { length }, i) => {
    marks.set([at, at + length, at + length + 1], 3 * i);
    return at + length + 1;
  }, 0);
  const { chunk } = pendingOf(0, 0);
  let isDone = false;
  queue.push({
    ...{ chunk: { ...chunk, bytes, marks, lines: lines.length, start: 0, end: bytes.length } },
    ...{ next: 0, done: 0, since: 0, resolve: () => isDone = true, reject: () => {} },
  });
  const tooLarge = new WeirError("KAFKA_MESSAGE_TOO_LARGE", "too large");
  let sent = 0, refused = 0;
  while (!isDone) {
    const batch = queue.take(0, "none", 0);
    sent++;
    if (batch.bytes.length <= BATCH_BYTES / 2) queue.delivered(batch);
    else {
      refused++;
      queue.hold(batch, tooLarge);
      assert.notEqual(queue.shrink(queue.held!.batch), undefined);
    }
  }
  assert(
    refused < 40 && sent < 300,
    `${sent} batches for ${lines.length} lines, ${refused} refused`,
  );
});
