/** A file whose rotated name other entries want than its own: each topic gets all lines that it was to have. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { parseEntries } from "./entries.ts";
import { type Bench, bench } from "./tail_bench.ts";

const LOG = "/var/log/app.log";
const NARROW = `{"path": "${LOG}", "topic": "own"}`,
  WIDE = `{"path": "/var/log/**", "topic": "all"}`;

const WAYS: Record<string, (it: Bench) => void> = {
  "renamed": (it) => it.files.rename(LOG, `${LOG}.1`),
  "copied and truncated": (it) => {
    it.files.copy(LOG, `${LOG}.1`);
    it.files.truncate(LOG);
  },
};

const PACKED = [...Object.entries(WAYS), ["packed at once", (it: Bench) => {
  it.files.append(`${LOG}.1.gz`, gzipSync(it.files.content(LOG)));
  it.files.truncate(LOG);
}]] as const;

const linesOf = (it: Bench, topic: string) =>
  it.sink.lines.filter((line) => line.topic === topic).map(({ text }) => text);

for (const [way, rotate] of PACKED) {
  for (const isDown of [false, true]) {
    const when = isDown ? "while no agent runs" : "under the agent";
    Deno.test(`a file that is ${way} ${when} is read to its end for both topics`, () =>
      bench(async (it) => {
        it.files.append(LOG, "1\n");
        await it.settle(1000);
        await it.set.save();
        if (isDown) await it.kill();
        it.files.append(LOG, "2, the last\n");
        rotate(it);
        it.files.append(LOG, "3\n");
        if (isDown) await it.start();
        await it.settle(40_000);
        for (const topic of ["own", "all"]) {
          assert.deepEqual(linesOf(it, topic).sort(), ["1", "2, the last", "3"], topic);
        }
      }, `[${NARROW}, ${WIDE}]`));
  }
}

const MASKED = `{"path": "${LOG}", "topic": "t",
  "mask": [{"name": "secret", "pattern": "secret"}]}`;
const PLAIN = `{"path": "/var/log/**", "topic": "t"}`;

for (const [way, rotate] of PACKED) {
  for (const isDown of [false, true]) {
    const when = isDown ? "while no agent runs" : "under the agent";
    Deno.test(`a file that is ${way} ${when} is read to its end by its own entry`, () =>
      bench(async (it) => {
        it.files.append(LOG, "1 secret\n");
        await it.settle(1000);
        await it.set.save();
        if (isDown) await it.kill();
        it.files.append(LOG, "2 secret\n");
        rotate(it);
        it.files.append(LOG, "3 secret\n");
        if (isDown) await it.start();
        await it.settle(40_000);
        assert.deepEqual(linesOf(it, "t").sort(), ["1 ***", "2 ***", "3 ***"]);
        if (way !== "renamed") return;
        await it.settle(80_000);
        it.files.append(`${LOG}.1`, "4 secret\n");
        await it.settle(12_000);
        assert.deepEqual(linesOf(it, "t").sort(), ["1 ***", "2 ***", "3 ***", "4 secret"]);
        it.files.truncate(`${LOG}.1`);
        it.files.append(`${LOG}.1`, "5 secret\n");
        await it.settle(12_000);
        assert.equal(linesOf(it, "t").at(-1), "5 secret");
      }, `[${MASKED}, ${PLAIN}]`));
  }
}

Deno.test("a renamed file is read on for its own topic until it is quiet, over a restart, and not for ever", () =>
  bench(async (it) => {
    it.files.append(LOG, "1\n");
    await it.settle(1000);
    it.files.rename(LOG, `${LOG}.1`);
    await it.settle(12_000);
    it.files.append(`${LOG}.1`, "2\n");
    await it.settle(12_000);
    await it.set.save();
    await it.kill();
    it.files.append(`${LOG}.1`, "3\n");
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(linesOf(it, "own"), ["1", "2", "3"]);
    await it.settle(80_000);
    it.files.append(`${LOG}.1`, "4, long after\n");
    await it.settle(12_000);
    assert.deepEqual(linesOf(it, "own"), ["1", "2", "3"]);
    assert.deepEqual(linesOf(it, "all"), ["1", "2", "3", "4, long after"]);
    await it.set.save();
    await it.kill();
    it.files.append(`${LOG}.1`, "5\n");
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(linesOf(it, "own"), ["1", "2", "3"], "nor after another start");
  }, `[${NARROW}, ${WIDE}]`));

Deno.test("a topic whose entry is withdrawn gets nothing more, whatever names the file has", () =>
  bench(async (it) => {
    it.files.append(LOG, "1\n");
    await it.settle(1000);
    it.files.rename(LOG, `${LOG}.1`);
    await it.settle(12_000);
    it.entries = parseEntries(`[${WIDE}]`, "test");
    it.set.apply(it.entries);
    it.files.append(`${LOG}.1`, "2\n");
    await it.settle(12_000);
    assert.deepEqual(linesOf(it, "own"), ["1"]);
    assert.deepEqual(linesOf(it, "all"), ["1", "2"]);
    await it.set.save();
    await it.kill();
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(linesOf(it, "own"), ["1"]);
  }, `[${NARROW}, ${WIDE}]`));

Deno.test("a renamed file that only its own topic still wants is read to its end, and closed", () =>
  bench(async (it) => {
    it.files.append(LOG, "1\n");
    await it.settle(1000);
    it.files.rename(LOG, `${LOG}.1`);
    await it.settle(12_000);
    it.entries = parseEntries(`[${NARROW}]`, "test");
    it.set.apply(it.entries);
    it.files.append(`${LOG}.1`, "2\n");
    await it.settle(12_000);
    assert.deepEqual(linesOf(it, "own"), ["1", "2"]);
    await it.settle(90_000);
    assert.equal(it.set.openFiles, 0);
  }, `[${NARROW}, ${WIDE}]`));

Deno.test("a renamed file that is truncated is another life, which its own topic does not want", () =>
  bench(async (it) => {
    it.files.append(LOG, "1\n");
    await it.settle(1000);
    it.files.rename(LOG, `${LOG}.1`);
    await it.settle(2000);
    it.files.truncate(`${LOG}.1`);
    it.files.append(`${LOG}.1`, "another\n");
    await it.settle(12_000);
    assert.deepEqual(linesOf(it, "own"), ["1"]);
    assert.deepEqual(linesOf(it, "all"), ["1", "another"]);
  }, `[${NARROW}, ${WIDE}]`));
