/** What an archiver does with batches that nobody can read. */
import assert from "node:assert/strict";
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
