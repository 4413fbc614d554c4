import assert from "node:assert/strict";
import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { Lane } from "./consume/lane.ts";
import { readBatches } from "./consume/record_batch.ts";
import { batchBytes } from "./consume/record_batch_fixture.ts";
import type { Entry } from "./deliver/entry.ts";
import { portions } from "./dead_letter.ts";

const pack = (bytes: Uint8Array) => gzipSync(bytes);
const lane = new Lane("t", 0);

function batchOf(first: number, count: number) {
  const records = Array.from({ length: count }, (_, i) => ({
    ...{ offset: first + 2 * i, timestampMs: 1, key: `k${first + 2 * i}` },
    ...{ value: `line ${first + 2 * i}`, headers: [["n", `${i}`]] as [string, string][] },
  }));
  return readBatches(batchBytes(records, { codec: 1, pack }))[0];
}

const batches = [batchOf(0, 20), batchOf(100, 20)];
const entryOf = (which: number, i: number): Entry => ({
  ...{ lane, ticket: 0, bytes: 10, offset: which * 100 + 2 * i, batch: batches[which] },
  record: { createdMs: 1 } as Entry["record"],
  dead: { code: "CODE", reason: "why" },
});

Deno.test("a dead letter has its own record's bytes, whatever was asked for before it", () => {
  const asked = fc.array(fc.tuple(fc.nat(1), fc.nat(19)), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(asked, (all) => {
    const messages = [...portions(all.map(([which, i]) => entryOf(which, i)))].flat();
    assert.deepEqual(
      messages.map(({ key, value, headers }) => [`${key}`, `${value}`, `${headers!.n}`]),
      all.map(([which, i]) => {
        const offset = which * 100 + 2 * i;
        return [`k${offset}`, `line ${offset}`, `${i}`];
      }),
    );
  }));
});
