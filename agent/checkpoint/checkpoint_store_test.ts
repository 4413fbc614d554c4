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

Deno.test("CheckpointStore goes on counting after a restart, so that the newest is found again", async () => {
  const files = new MemoryFiles();
  let offset = 0;
  for (const [start, saves] of [3, 1, 2, 1].entries()) {
    const store = new CheckpointStore(files, new ManualClock(1000 + start), "/state");
    assert.deepEqual(offsetOf(await store.load()), offset === 0 ? undefined : offset);
    assert.equal(store.savedMs, 0);
    for (let i = 0; i < saves; i++) await store.save(() => [fileState(++offset)]);
    assert.equal(store.savedMs, 1000 + start);
    assert.equal(store.saves, saves);
  }
});

Deno.test("CheckpointStore.save() after two that shared a write is one of its own", async () => {
  const files = new MemoryFiles();
  const store = new CheckpointStore(files, new ManualClock(), "/state");
  await Promise.all([1, 2, 3].map((offset) => store.save(() => [fileState(offset)])));
  assert.equal(store.saves, 2);
  await store.save(() => [fileState(4)]);
  await store.save(() => [fileState(5)]);
  assert.equal(store.saves, 4);
  assert.equal(offsetOf(await new CheckpointStore(files, new ManualClock(), "/state").load()), 5);
});

Deno.test("CheckpointStore.save() while one runs is written after it, each time anew", async () => {
  const files = new MemoryFiles();
  const store = new CheckpointStore(files, new ManualClock(), "/state");
  for (const offset of [1, 3, 5]) {
    await Promise.all([offset, offset + 1].map((one) => store.save(() => [fileState(one)])));
    const after = await new CheckpointStore(files, new ManualClock(), "/state").load();
    assert.equal(offsetOf(after), offset + 1);
  }
  assert.equal(store.saves, 6);
});

Deno.test("CheckpointStore.save() may be tried again, whatever the file system said", async () => {
  const failing = Object.assign(Object.create(new MemoryFiles()), {
    writeAtomic: () => Promise.reject(new Error("no such thing")),
  });
  const store = new CheckpointStore(failing, new ManualClock(), "/state");
  const failed = store.save(() => [fileState(1)]);
  await assert.rejects(failed, { code: "FILE_FAILED", retriable: true, message: /no such thing/ });
  assert.equal(store.lastError?.code, "FILE_FAILED");
});

Deno.test("CheckpointStore.load() rejects where the folder cannot be read, and takes what is damaged away", async () => {
  const files = new MemoryFiles();
  const failing = Object.assign(Object.create(files), {
    readText: () => Promise.reject(new WeirError("FILE_DENIED", "Cannot read: permission denied")),
  });
  const refused = new CheckpointStore(failing, new ManualClock(), "/state").load();
  await assert.rejects(refused, { code: "CHECKPOINT_UNREADABLE", retriable: true });
  files.writeFailure = undefined;
  await files.writeAtomic("/state/checkpoint.a", new TextEncoder().encode("damaged"));
  const store = new CheckpointStore(files, new ManualClock(7), "/state");
  assert.deepEqual(await store.load(), []);
  assert.deepEqual(files.paths(), ["/state/checkpoint.a.fault-7"]);
  await store.save(() => [fileState(1)]);
  assert.equal(offsetOf(await store.load()), 1);
});

Deno.test("decodeCheckpoint() says what is wrong, and believes no field of another form", () => {
  const faultOf = (text: string) => {
    const result = decodeCheckpoint(text);
    return "fault" in result ? result.fault : "none";
  };
  const encoded = (number: number, files: unknown) =>
    new TextDecoder().decode(encodeCheckpoint({ number, files: files as FileState[] }));
  assert.equal(faultOf(""), "the file is empty");
  assert.equal(faultOf("{}"), "the file is cut short");
  assert.equal(faultOf("\n"), "its first line is not JSON");
  assert.equal(faultOf("null\n"), "it is not a checkpoint");
  assert.equal(faultOf('{"version":1}\n'), "it is not a checkpoint");
  assert.match(
    faultOf('{"weir":"checkpoint","version":2}\n'),
    /version is 2, this program writes 1/,
  );
  assert.equal(faultOf('{"weir":"checkpoint","version":1}\n'), "its checksum does not fit");
  assert.equal(faultOf(encoded(1, [fileState(0)])), "none");
  const topic = fileState(0).topics.t;
  for (
    const wrong of [
      { ...fileState(0), generation: "short" },
      { ...fileState(0), path: 5 },
      { ...fileState(0), topics: { t: { ...topic, offset: -1 } } },
      { ...fileState(0), topics: { t: { ...topic, offset: 0.5 } } },
      { ...fileState(0), topics: { t: { ...topic, days: {} } } },
    ]
  ) assert.equal(faultOf(encoded(1, [fileState(0), wrong])), "a field has the wrong form");
  assert.equal(faultOf(encoded(0.5, [])), "a field has the wrong form");
});

Deno.test("encodeCheckpoint() keeps shapes where there are any", () => {
  const state = fileState(0);
  state.topics.t.shapes = [{ from: 0, shape: "x" }];
  for (const one of [state, fileState(0)]) {
    const text = new TextDecoder().decode(encodeCheckpoint({ number: 1, files: [one] }));
    assert.deepEqual(decodeCheckpoint(text), { number: 1, files: [one] });
    assert.equal(text.includes("shapes"), one === state);
  }
});
