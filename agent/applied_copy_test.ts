import assert from "node:assert/strict";
import { WeirError } from "../core/errors.ts";
import { MemoryFiles } from "../core/ports/memory_files.ts";
import { AppliedCopy, appliedEntries } from "./applied_copy.ts";

const STATE = "/state";

/** Files whose writes take a while. */
class SlowFiles extends MemoryFiles {
  writes = 0;
  writing = 0;
  writingMost = 0;

  override async writeAtomic(path: string, content: Uint8Array): Promise<void> {
    this.writes++;
    this.writingMost = Math.max(this.writingMost, ++this.writing);
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
    this.writing--;
    await super.writeAtomic(path, content);
  }
}

const snapshot = (revision: number) => ({
  revision,
  text: JSON.stringify([{ path: "/var/log/a.log", topic: `t${revision}` }]),
  deleted: false,
});

Deno.test("AppliedCopy writes changes that come together one after the other, the newest last", async () => {
  const files = new SlowFiles(), copy = new AppliedCopy(files, STATE);
  await Promise.all([1, 2, 3].map((revision) => copy.save(snapshot(revision))));
  await copy.settled();
  const [{ topic }] = await appliedEntries(files, STATE);
  assert.deepEqual([topic, files.writingMost, files.writes], ["t3", 1, 2]);
});

Deno.test("AppliedCopy says that it cannot write, and writes the next value", async () => {
  const files = new MemoryFiles(), copy = new AppliedCopy(files, STATE);
  files.writeFailure = new WeirError("FILE_FAILED", "no room", { retriable: true });
  await assert.rejects(copy.save(snapshot(1)), { code: "FILE_FAILED" });
  files.writeFailure = undefined;
  await copy.save(snapshot(2));
  assert.equal((await appliedEntries(files, STATE))[0].topic, "t2");
});
