import assert from "node:assert/strict";
import { boundedDetail, decodeDetail, type FileDetail } from "./detail.ts";

const ABOUT = { id: "i", instance: "n", host: "h", program: "agent", atMs: 5 } as const;

function file(number: number, change: Partial<FileDetail> = {}): FileDetail {
  return {
    path: `/var/log/${String(number).padStart(5, "0")}.log`,
    topic: "t",
    generation: "g",
    size: 10,
    offset: 10,
    lagBytes: 0,
    lines: 1,
    rate: 0,
    lastLineMs: 0,
    detached: false,
    failure: "",
    ...change,
  };
}

Deno.test("boundedDetail: what fails stands first, then what is behind; the rest is counted", () => {
  const files = Array.from({ length: 5000 }, (_, i) => file(i));
  files[4000] = file(4000, { lagBytes: 7 });
  files[4500] = file(4500, { failure: "KAFKA_UNREACHABLE: no" });
  const detail = boundedDetail(ABOUT, { files });
  assert.equal(detail.filesTotal, 5000);
  assert.equal(detail.files.length, 1000);
  assert.deepEqual(detail.files.slice(0, 3).map(({ path }) => path), [
    "/var/log/04500.log",
    "/var/log/04000.log",
    "/var/log/00000.log",
  ]);
});

Deno.test("boundedDetail: fits its bound of bytes whatever the names are, and is read again", () => {
  const files = Array.from({ length: 1000 }, (_, i) => file(i, { path: `/${"x".repeat(9000)}` }));
  const text = JSON.stringify(boundedDetail(ABOUT, { files }));
  assert(text.length <= 512 * 1024, `${text.length}`);
  assert.equal(decodeDetail(text)?.filesTotal, 1000);
});

Deno.test("decodeDetail: whatever is none is undefined", () => {
  for (const text of ["", "{", "[]", '{"v":2}', '{"v":1}']) {
    assert.equal(decodeDetail(text), undefined);
  }
});
