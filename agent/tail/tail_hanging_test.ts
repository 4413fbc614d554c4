/** Case 14: a mount that stops answering holds up its own files alone. */
import assert from "node:assert/strict";
import { StuckFiles } from "../../core/ports/stuck_files.ts";
import { TimelyFiles } from "../../core/timely_files.ts";
import { type Bench, bench } from "./tail_bench.ts";

const MOUNTINFO = `22 1 254:1 / / rw - ext4 /dev/vda1 rw
40 22 0:35 / /var/log/far rw - nfs4 host:/ rw
`;

function stuckBelow(it: Bench): StuckFiles {
  const stuck = new StuckFiles(it.files, "/var/log/far");
  const { clock } = it;
  const mountinfo = () => MOUNTINFO, readLink = () => Promise.resolve(undefined);
  it.seen = new TimelyFiles(stuck, { clock, mountinfo, readLink });
  return stuck;
}

async function withStuck(work: (it: Bench, stuck: StuckFiles) => Promise<void>): Promise<void> {
  let stuck: StuckFiles;
  await bench((it) => work(it, stuck), undefined, (it) => stuck = stuckBelow(it));
}

/** Lines that both folders got. */
function appendTo(it: Bench, name: string): void {
  for (const folder of ["far", "near"]) {
    for (let i = 0; i < 20; i++) it.files.append(`/var/log/${folder}/${i}.log`, `${name} ${i}\n`);
  }
}

Deno.test("14: files of other folders go on while a mount hangs, and its own come when it answers", () =>
  withStuck(async (it, stuck) => {
    appendTo(it, "before");
    await it.settle(11_000);
    assert.equal(it.texts().length, 40);
    stuck.hangs = true;
    appendTo(it, "while");
    await it.settle(12_000);
    const near = it.sink.lines.filter(({ path }) => path.startsWith("/var/log/near/"));
    assert.equal(near.length, 40);
    assert.equal(it.texts().length, 60);
    it.files.append("/var/log/near/new.log", "of a new file\n");
    await it.settle(2000);
    assert(it.texts().includes("of a new file"));
    const problem = it.set.problems.find(({ path }) => path.startsWith("/var/log/far"));
    assert.equal(problem?.code, "FILE_SYSTEM_HANGS");
    assert.match(problem.reason, /the file system at "\/var\/log\/far" \(nfs4\) does not answer/);
    await it.settle(60_000);
    assert(stuck.callsMax <= 4, `${stuck.callsMax} calls are out`);
    stuck.answer();
    await it.settle(12_000);
    assert.equal(it.texts().length, 81);
    assert.equal(new Set(it.texts().map((text) => text)).size, 41);
    assert.deepEqual(it.set.problems, []);
    assert.equal(stuck.closedInVain, 0);
  }));

Deno.test("14: a mount that hangs from the start, and the end while it hangs", () =>
  withStuck(async (it, stuck) => {
    await it.kill();
    stuck.hangs = true;
    appendTo(it, "line");
    await it.start();
    await it.settle(7000);
    assert.deepEqual(it.texts().length, 20);
    await it.set.discovered;
    it.files.append("/var/log/near/0.log", "more\n");
    await it.settle(2000);
    assert.equal(it.texts().length, 21);
    const stopped = it.set.stop(1000);
    await it.settle(2000);
    await stopped;
    stuck.answer();
    await it.settle(100);
    await it.start();
    await it.settle(11_000);
    assert.equal(it.indexed().length, 41);
  }));
