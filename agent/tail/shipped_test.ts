import assert from "node:assert/strict";
import { Sealer } from "../ledger/sealer.ts";
import { bench } from "./tail_bench.ts";

const LOG = "/var/log/app.log";

Deno.test("a run tells the ledger of what a killed one had acknowledged and not told", () =>
  bench(async (it) => {
    it.files.append(LOG, "one\n");
    await it.settle(10);
    await it.set.save();
    await it.kill();
    await it.start();
    it.files.append(LOG, "two\n");
    await it.settle(10_000);
    const [row] = it.set.shipped();
    assert.deepEqual([row.begin, row.origin, row.offset], [0, 4, 8]);
  }));

Deno.test("a life that ended between two looks of the ledger is told until the ledger has it, over a kill too", () =>
  bench(async (it) => {
    it.files.append(LOG, "one of the old ones, and longer\n");
    await it.settle(1000);
    it.files.truncate(LOG);
    it.files.append(LOG, "new\n");
    await it.settle(20_000);
    const ended = () => it.set.shipped().filter(({ closed }) => closed);
    assert.deepEqual(ended().map(({ begin, offset }) => [begin, offset]), [[0, 32]]);
    await it.set.save();
    await it.kill();
    await it.start();
    await it.settle(20_000);
    assert.equal(ended().length, 1);

    const sealer = new Sealer("host", "all");
    it.set.sealed(sealer.look(it.set.shipped(), 1));
    assert.deepEqual(ended(), []);
    await it.set.save();
    await it.kill();
    await it.start();
    await it.settle(20_000);
    assert.deepEqual(ended(), [], "not again after a restart");
  }));
