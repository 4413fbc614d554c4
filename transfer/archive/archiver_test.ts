/** What an archiver does with batches that nobody can read, and when its host's clock is set. */
import assert from "node:assert/strict";
import { ManualClock } from "../../core/ports/clock.ts";
import { Lane } from "../consume/lane.ts";
import { readBatches } from "../consume/record_batch.ts";
import { batchBytes } from "../consume/record_batch_fixture.ts";
import type { DropRules } from "../topics/drop.ts";
import { Archiver } from "./archiver.ts";
import { FailingObjects } from "./failing_objects.ts";

const TOPIC = "web";

Deno.test("Archiver passes a batch that is damaged in its middle, and says so: those behind it are archived", async () => {
  const failed: string[] = [];
  const shape = { dataset: TOPIC, namespace: "", dataStream: false, fields: true };
  const drops = { empty: true } as DropRules;
  const archiver = new Archiver(
    new FailingObjects(),
    {
      segmentBytes: 1e6,
      segmentRecords: 1e6,
      segmentAgeMs: 1e6,
      bytesMax: 1e6,
      batchBytesMax: 1e6,
    },
    () => ({ formats: ["ndjson"], shape: { ...shape, parser: undefined }, drops }),
    { failed: (code) => failed.push(code) },
  );
  const lane = new Lane(TOPIC, 0);
  assert.ok(!archiver.wants(lane), "it is not known where the chain ends");
  archiver.start();
  while (!archiver.wants(lane)) await new Promise((resolve) => setTimeout(resolve));
  const record = (offset: number) => ({
    ...{ offset, timestampMs: 1, key: null, value: `line ${offset}`, headers: [] },
  });
  const damaged = batchBytes([record(0), record(1), record(2)], {
    pack: (records) => {
      const size = records.length / 3;
      records[size] = 120; // the second one is longer than all of them
      return records;
    },
  });
  const [batch] = readBatches(damaged), [next] = readBatches(batchBytes([record(3)]));
  assert.ok(archiver.take(lane, batch));
  assert.ok(archiver.take(lane, next));
  assert.deepEqual(failed, ["KAFKA_BATCH_UNREADABLE"]);
  assert.deepEqual([lane.tracker.next, lane.tracker.inFlight, archiver.holds(TOPIC)], [4, 2, true]);
  await archiver.stop();
});

Deno.test("Archiver closes a segment by its age where the host's clock was set back", async () => {
  let setMs = 0;
  const clock = Object.assign(new ManualClock(), {
    wallMs: () => clock.monotonicMs() + setMs,
  });
  const shape = { dataset: TOPIC, namespace: "", dataStream: false, fields: true };
  let archived = 0;
  const archiver = new Archiver(
    new FailingObjects(),
    {
      segmentBytes: 1e6,
      segmentRecords: 1e6,
      segmentAgeMs: 60_000,
      bytesMax: 1e6,
      batchBytesMax: 1e6,
    },
    () => ({
      formats: ["ndjson"],
      shape: { ...shape, parser: undefined },
      drops: { empty: true } as DropRules,
    }),
    { archived: (_topic, records) => archived += records },
    clock,
  );
  const lane = new Lane(TOPIC, 0);
  archiver.wants(lane);
  archiver.start();
  while (!archiver.wants(lane)) await new Promise((resolve) => setTimeout(resolve));
  const record = { offset: 0, timestampMs: 1, key: null, value: "line", headers: [] };
  assert.ok(archiver.take(lane, readBatches(batchBytes([record]))[0]));
  setMs = -3_600_000;
  await clock.advance(61_000);
  for (let turn = 0; turn < 1000 && archived === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(archived, 1);
  await archiver.stop();
});
