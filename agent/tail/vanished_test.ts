import assert from "node:assert/strict";
import { parseEntries } from "./entries.ts";
import { type Bench, bench } from "./tail_bench.ts";

const LOG = "/var/log/app.log";
const EXACT = parseEntries(`[{"path": "${LOG}", "topic": "t"}]`, "test");

/** Lines before and while the agent is down, one way of rotation, and lines behind it. */
async function rotated(it: Bench, rotate: () => Promise<void> | void): Promise<void> {
  it.files.append(LOG, "1 of the old one\n2 of the old one\n");
  await it.settle(10);
  await it.kill();
  it.files.append(LOG, "3 of the old one\n");
  await rotate();
  it.files.append(LOG, "1 of the new one\n");
  await it.start();
  await it.settle(12_000);
}

const LINES = ["1 of the new one", "1 of the old one", "2 of the old one", "3 of the old one"];
const WAYS: Record<string, (it: Bench) => void | Promise<void>> = {
  "renamed": (it) => it.files.rename(LOG, `${LOG}.1`),
  "renamed to a name with a date": (it) => it.files.rename(LOG, "/var/log/app-20261121.log"),
  "copied and truncated": (it) => {
    it.files.copy(LOG, `${LOG}.1`);
    it.files.truncate(LOG);
  },
  "copied and removed, its inode used again": async (it) => {
    it.files.reuseInodes = true;
    it.files.copy(LOG, `${LOG}.1`);
    await it.files.remove(LOG);
  },
};

for (const [way, rotate] of Object.entries(WAYS)) {
  Deno.test(`a file without a pattern that was ${way} while no agent ran is read to its end`, () =>
    bench(async (it) => {
      it.entries = EXACT;
      it.set.apply(EXACT);
      it.files.append("/var/log/app.log.2", "never wanted\n");
      it.files.append("/var/log/app.log.10", "1 of the old one\nnever wanted either\n");
      await rotated(it, () => rotate(it));
      assert.deepEqual(it.indexed().sort(), LINES);
      assert.deepEqual(it.events.filter((event) => event.startsWith("removed")), []);
      await it.settle(80_000);
      await it.set.save();
      await it.kill();
      const sent = it.texts().length;
      await it.start();
      await it.settle(12_000);
      assert.equal(it.texts().length, sent, "nothing comes again");
    }));
}

Deno.test("a killed agent that reads the rest of a renamed file finds it again", () =>
  bench(async (it) => {
    it.entries = EXACT;
    it.set.apply(EXACT);
    await rotated(it, () => it.files.rename(LOG, `${LOG}.1`));
    it.files.append(`${LOG}.1`, "4 of the old one\n");
    await it.settle(12_000);
    await it.kill();
    it.files.append(`${LOG}.1`, "5 of the old one\n");
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(it.indexed().sort(), [...LINES, "4 of the old one", "5 of the old one"]);
  }));

Deno.test("a file that is nowhere any more is told of as gone", () =>
  bench(async (it) => {
    it.entries = EXACT;
    it.set.apply(EXACT);
    it.files.append(LOG, "1\n2\n");
    await it.settle(10);
    await it.set.save();
    await it.kill();
    await it.files.remove(LOG);
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(it.events.filter((event) => event.startsWith("removed")), [
      `removed ${LOG} 0`,
    ]);
  }));
