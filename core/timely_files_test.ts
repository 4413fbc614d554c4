import assert from "node:assert/strict";
import { WeirError } from "./errors.ts";
import { ManualClock } from "./ports/clock.ts";
import { MemoryFiles } from "./ports/memory_files.ts";
import { StuckFiles } from "./ports/stuck_files.ts";
import { TimelyFiles } from "./timely_files.ts";

const MOUNTINFO = `22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 0:35 / /mnt/far rw,nosuid - fuse.sshfs host:/ rw,user_id=0
41 22 0:36 / /mnt/two\\040words rw - nfs4 host:/x rw
42 40 0:37 / /mnt/far/near rw - tmpfs tmpfs rw
`;
const LINKS: Record<string, string> = { "/var/link": "../mnt/far/logs", "/loop": "/loop" };

function open(below = "/mnt/far") {
  const memory = new MemoryFiles(), clock = new ManualClock();
  const stuck = new StuckFiles(memory, below);
  for (const folder of ["/mnt/far", "/mnt/far/near", "/mnt/two words", "/var/log"]) {
    memory.append(`${folder}/a.log`, "0123456789");
  }
  const files = new TimelyFiles(stuck, {
    clock,
    mountinfo: () => MOUNTINFO,
    readLink: (path) => Promise.resolve(LINKS[path]),
  });
  return { memory, clock, stuck, files };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await null;
}

/** The code that a call ends with; undefined where it succeeds. */
async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof WeirError && error.retriable);
    return error.code;
  }
}

Deno.test("TimelyFiles gives up a late call, refuses the mount while that is out, and nothing else", async () => {
  const { stuck, clock, files } = open();
  stuck.hangs = true;
  const late = codeOf(files.stat("/mnt/far/a.log"));
  await clock.advance(4999);
  assert.deepEqual(files.hanging, []);
  await clock.advance(1);
  assert.equal(await late, "FILE_SYSTEM_HANGS");
  assert.deepEqual(files.hanging, ["/mnt/far"]);
  for (let i = 0; i < 100; i++) {
    assert.equal(await codeOf(files.readDir("/mnt/far/deep")), "FILE_SYSTEM_HANGS");
    assert.equal(await codeOf(files.stat("/var/link/a.log")), "FILE_SYSTEM_HANGS");
  }
  assert.equal(stuck.calls, 1);
  assert.equal((await files.stat("/var/log/a.log")).size, 10);
  assert.equal((await files.stat("/mnt/two words/a.log")).size, 10);
  // The way to it leads over the other one.
  assert.equal(await codeOf(files.stat("/mnt/far/near/a.log")), "FILE_SYSTEM_HANGS");
});

Deno.test("TimelyFiles uses a mount again when the late call came back", async () => {
  const { stuck, clock, files } = open();
  stuck.hangs = true;
  const late = codeOf(files.realPath("/mnt/far/a.log"));
  await clock.advance(5000);
  await late;
  stuck.answer();
  await turns();
  assert.deepEqual(files.hanging, []);
  assert.equal((await files.stat("/mnt/far/a.log")).size, 10);
});

Deno.test("TimelyFiles waits for a local file system as long as it takes", async () => {
  const { stuck, clock, files } = open("/var/log");
  stuck.hangs = true;
  const slow = files.stat("/var/log/a.log");
  await clock.advance(3_600_000);
  assert.deepEqual(files.hanging, []);
  stuck.answer();
  assert.equal((await slow).size, 10);
});

Deno.test("TimelyFiles has few calls out on the open files of one mount, and a late read touches no buffer", async () => {
  const { stuck, clock, files, memory } = open();
  const handle = await files.open("/mnt/far/a.log"), local = await files.open("/var/log/a.log");
  stuck.hangs = true;
  const buffers = Array.from({ length: 100 }, () => new Uint8Array(4));
  const codes = Promise.all(buffers.map((buffer) => codeOf(handle.read(buffer, 2))));
  await turns();
  assert(stuck.callsMax <= 3, `${stuck.callsMax} calls`);
  await clock.advance(5000);
  assert.deepEqual(new Set(await codes), new Set(["FILE_SYSTEM_HANGS"]));
  assert.equal(await local.read(buffers[99], 0), 4);
  handle.close();
  assert.equal(memory.openHandles, 2, "closing would hang");
  stuck.answer();
  await turns();
  assert.equal(stuck.closedInVain, 0);
  assert.equal(memory.openHandles, 1);
  for (const buffer of buffers.slice(0, 99)) assert.deepEqual([...buffer], [0, 0, 0, 0]);
  local.close();
});

Deno.test("TimelyFiles reads a remote file in parts that a slow server answers in time", async () => {
  const { files, memory } = open();
  memory.append("/mnt/far/big", new Uint8Array(300_000).fill(7));
  const handle = await files.open("/mnt/far/big");
  const into = new Uint8Array(300_000);
  const got = await handle.read(into, 0);
  assert(got > 0 && got < into.length, `${got} bytes`);
  assert(into.subarray(0, got).every((byte) => byte === 7));
  handle.close();
});

Deno.test("TimelyFiles refuses a mount of which four calls never came back, whatever else it answers", async () => {
  const { stuck, clock, files } = open();
  for (let round = 1; round <= 4; round++) {
    stuck.hangs = true;
    const codes = [1, 2].map(() => codeOf(files.stat("/mnt/far/a.log")));
    await turns();
    await clock.advance(5000);
    assert.deepEqual(await Promise.all(codes), ["FILE_SYSTEM_HANGS", "FILE_SYSTEM_HANGS"]);
    stuck.answer(1);
    await turns();
    assert.equal(stuck.calls, round);
    assert.deepEqual(files.hanging, []);
  }
  assert.equal(await codeOf(files.stat("/mnt/far/a.log")), "FILE_SYSTEM_HANGS");
  stuck.answer();
  await turns();
  assert.equal((await files.stat("/mnt/far/a.log")).size, 10);
});

Deno.test("TimelyFiles looks at a folder of a remote mount itself, and when it hangs tells of the others", async () => {
  const { stuck, clock, files, memory } = open();
  const told = new Set<string>(), watched: string[] = [], end = new AbortController();
  const watch = stuck.watch.bind(stuck);
  stuck.watch = (directories, changed, signal) => {
    watched.push(...directories);
    watch(directories, changed, signal);
  };
  const pass = async (ms: number) => {
    for (let i = 0; i < ms; i += 500) {
      await turns();
      await clock.advance(500);
    }
  };
  files.watch(["/mnt/far", "/var/log"], (path) => told.add(path), end.signal);
  await pass(1000);
  assert.deepEqual(watched, ["/var/log"]);
  memory.append("/mnt/far/a.log", "x");
  memory.append("/mnt/far/new.log", "x");
  await pass(2000);
  assert.deepEqual([...told].sort(), ["/mnt/far/a.log", "/mnt/far/new.log"]);
  told.clear();
  stuck.hangs = true;
  await memory.remove("/mnt/far/new.log");
  await pass(20_000);
  memory.append("/var/log/a.log", "x");
  assert.deepEqual([...told], ["/var/log/a.log"]);
  assert.equal(stuck.callsMax, 1);
  stuck.answer();
  await pass(2000);
  assert(told.has("/mnt/far/new.log"));
  end.abort();
});

Deno.test("TimelyFiles ends where links lead in a circle", async () => {
  const { stuck, clock, files } = open("/loop");
  stuck.hangs = true;
  const slow = files.stat("/loop/x");
  await clock.advance(5000);
  stuck.answer();
  assert.equal(await codeOf(slow.catch(() => {})), undefined);
});
