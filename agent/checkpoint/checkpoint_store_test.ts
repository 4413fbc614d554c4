import assert from "node:assert/strict";
import fc from "fast-check";
import { WeirError } from "../../core/errors.ts";
import { ManualClock } from "../../core/ports/clock.ts";
import { MemoryFiles } from "../../core/ports/memory_files.ts";
import { hashOf } from "../tail/fingerprint.ts";
import { CheckpointStore } from "./checkpoint_store.ts";
import type { FileState } from "./state.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./state.ts";

function fileState(offset: number): FileState {
  return {
    generation: "AAAAAAAAAAAAAAAA",
    path: "/var/log/a",
    device: 1,
    inode: 2,
    head: hashOf(new Uint8Array(3)),
    seenMs: 0,
    topics: {
      t: {
        offset,
        mark: hashOf(new Uint8Array(0)),
        days: [{ from: 0, day: "2026-11-21" }],
        cuts: [],
      },
    },
  };
}

const offsetOf = (states: FileState[]) => states[0]?.topics.t.offset;

Deno.test("CheckpointStore gives back what it saved last, over many saves", async () => {
  const files = new MemoryFiles();
  const store = new CheckpointStore(files, new ManualClock(), "/state");
  for (let i = 1; i <= 5; i++) await store.save(() => [fileState(i)]);
  assert.equal(offsetOf(await new CheckpointStore(files, new ManualClock(), "/state").load()), 5);
  assert.equal(store.saves, 5);
});

Deno.test("CheckpointStore uses the older file when the newer is damaged, and keeps the damaged one", async () => {
  for (
    const damage of [
      "",
      "garbage",
      "{}\n",
      "\0".repeat(500),
      '{"weir":"checkpoint","version":99}\n{}\n',
    ]
  ) {
    const files = new MemoryFiles();
    const store = new CheckpointStore(files, new ManualClock(), "/state");
    await store.save(() => [fileState(1)]);
    await store.save(() => [fileState(2)]);
    await files.writeAtomic("/state/checkpoint.a", new TextEncoder().encode(damage)); // number 2 is even: a
    const after = new CheckpointStore(files, new ManualClock(), "/state");
    assert.equal(offsetOf(await after.load()), 1);
    assert.equal(files.paths().filter((path) => path.includes(".fault-")).length, 1);
    await after.save(() => [fileState(3)]);
    assert.equal(offsetOf(await new CheckpointStore(files, new ManualClock(), "/state").load()), 3);
  }
});

Deno.test("CheckpointStore.save() rejects on a full disk, keeps the old one and succeeds later", async () => {
  const files = new MemoryFiles();
  const store = new CheckpointStore(files, new ManualClock(), "/state");
  await store.save(() => [fileState(1)]);
  files.writeFailure = new WeirError("DISK_FULL", "Cannot write: no room", { retriable: true });
  await assert.rejects(store.save(() => [fileState(2)]), { code: "DISK_FULL" });
  assert.equal(store.lastError?.code, "DISK_FULL");
  assert.equal(offsetOf(await new CheckpointStore(files, new ManualClock(), "/state").load()), 1);
  files.writeFailure = undefined;
  await store.save(() => [fileState(3)]);
  assert.equal(store.lastError, undefined);
  assert.equal(offsetOf(await new CheckpointStore(files, new ManualClock(), "/state").load()), 3);
});

Deno.test("CheckpointStore.save() merges what is asked for while it writes, and writes the newest", async () => {
  const store = new CheckpointStore(new MemoryFiles(), new ManualClock(), "/state");
  let offset = 0;
  await Promise.all(Array.from({ length: 50 }, () => store.save(() => [fileState(++offset)])));
  assert.equal(store.saves, 2);
});

Deno.test("decodeCheckpoint() refuses every change of a byte", () => {
  const bytes = encodeCheckpoint({ number: 7, files: [fileState(123)] });
  assert.deepEqual(decodeCheckpoint(new TextDecoder().decode(bytes)), {
    number: 7,
    files: [fileState(123)],
  });
  fc.assert(
    fc.property(fc.nat(bytes.length - 2), fc.integer({ min: 1, max: 127 }), (at, change) => {
      const damaged = bytes.slice();
      damaged[at] ^= change;
      const result = decodeCheckpoint(new TextDecoder().decode(damaged));
      // The number stands outside the checksum: it orders two files that are both whole.
      assert(
        "fault" in result || JSON.stringify(result.files) === JSON.stringify([fileState(123)]),
      );
    }),
  );
});
