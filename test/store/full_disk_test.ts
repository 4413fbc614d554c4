/** A disk that is really full: a small file system in memory, filled up and given room again. */
import assert from "node:assert/strict";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { StoreLineSink } from "../../search/store/line_sink.ts";
import { SmallDisk } from "../support/small_disk.ts";
import { waitFor } from "../support/wait.ts";
import { chunkAt, LINE_BYTES, numberIn } from "./numbered.ts";

const MB = 1 << 20;

async function numbers(store: EmbeddedStore): Promise<number[]> {
  const found: number[] = [];
  const request = { query: { kind: "all" }, order: "oldest", limit: 1_000_000 } as const;
  for await (const batch of store.search(request, new AbortController().signal)) {
    for (const document of batch) found.push(numberIn(document.message));
  }
  return found;
}

Deno.test("a full disk stops intake with STORE_FULL, keeps all that is stored, and intake goes on when there is room", async () => {
  await using disk = await SmallDisk.open(24 * MB);
  disk.fill(16 * MB);
  // Nothing is held back: the file system itself says that it is full.
  const store = new EmbeddedStore({ folder: disk.join("store"), freeBytesMin: 0 });
  const failures: (string | undefined)[] = [];
  const sink = new StoreLineSink(store, {
    retryMs: 20,
    onFailure: (error) => failures.push(error?.code),
  });
  const chunks = 260, lines = 1000;
  let acknowledged = 0;
  const sending = (async () => {
    for (let i = 0; i < chunks; i++) {
      await sink.send(chunkAt(i * lines, lines));
      acknowledged += lines;
    }
  })();
  await waitFor("a full disk", () => failures.length > 0);
  assert.deepEqual(failures, ["STORE_FULL"]);
  assert.equal(store.stats().intake, "full");
  assert(acknowledged > 0 && acknowledged < chunks * lines, `${acknowledged} lines were taken`);
  const before = await numbers(store);
  assert.equal(
    before.length,
    acknowledged,
    "what was acknowledged, and nothing else, can be found",
  );
  assert.equal(store.position("numbered_lines_1", "numbered"), acknowledged * LINE_BYTES);
  disk.empty();
  await sending;
  assert.deepEqual(failures, ["STORE_FULL", undefined]);
  assert.deepEqual(await numbers(store), Array.from({ length: chunks * lines }, (_, i) => i));
  assert.equal(store.stats().repeats, 0);
  await sink.stop(1000);
  await store.close();
});

Deno.test("a disk that is full when the store opens is said as STORE_FULL", async () => {
  await using disk = await SmallDisk.open(4 * MB);
  disk.fill(4 * MB - 8192);
  assert.throws(() => new EmbeddedStore({ folder: disk.join("store") }), { code: "STORE_FULL" });
});
