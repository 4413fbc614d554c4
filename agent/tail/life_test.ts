import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { bench } from "./tail_bench.ts";

const LOG = "/var/log/app.log";

Deno.test("a forced line end that was not on disk when its file was copied and truncated is synced before it is used", () =>
  bench(async (it) => {
    it.files.append(LOG, "one line\nhalf of ");
    await it.settle(1000);
    await it.set.save();
    it.files.writeFailure = new WeirError("DISK_FULL", "No room", { retriable: true });
    await it.settle(6000);
    assert.deepEqual(it.texts(), ["one line"], "the half is held back until its end is noted");
    it.files.append(LOG, "a line\n");
    it.files.copy(LOG, `${LOG}.1`);
    it.files.truncate(LOG);
    await it.settle(100);
    it.files.writeFailure = undefined;
    await it.settle(30_000);
    await it.kill();
    await it.start();
    await it.settle(30_000);
    const old = it.indexed();
    assert.equal(old.join("\n").length, "one line\nhalf of a line".length + 1, old.join("|"));
  }));
