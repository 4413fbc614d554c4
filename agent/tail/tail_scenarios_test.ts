/** Scenarios of docs/scenarios.md that need no machine: trees, permissions, fast rotation, a clean stop, old state. */
import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { Sealer } from "../ledger/sealer.ts";
import { bench } from "./tail_bench.ts";

const LOG = "/var/log/a.log";

Deno.test("TailSet goes on where a tree of directories is removed and made again, twice", () =>
  bench(async (it) => {
    const names = ["/var/log/app/x/1.log", "/var/log/app/x/y/2.log", "/var/log/app/3.log"];
    for (let round = 0; round < 3; round++) {
      for (const name of names) it.files.append(name, `round ${round} of ${name}\n`);
      await it.settle(11_000);
      assert.equal(it.texts().length, 3 * (round + 1));
      for (const name of names) await it.files.remove(name);
      await it.settle(20_000);
      assert.equal(it.set.openFiles, 0, "what was removed is closed");
    }
    assert.equal(new Set(it.texts()).size, 9);
  }));

Deno.test("TailSet says what it may not read, and reads it as soon as it may", () =>
  bench(async (it) => {
    const open = it.files.open.bind(it.files);
    let denied = true;
    it.files.open = (path) =>
      denied && path === LOG
        ? Promise.reject(new WeirError("FILE_DENIED", `Cannot open "${path}": permission denied`))
        : open(path);
    it.files.append(LOG, "one\n");
    it.files.append("/var/log/b.log", "other\n");
    await it.settle(11_000);
    assert.deepEqual(it.texts(), ["other"], "the others are read");
    const [problem, ...more] = it.set.problems;
    assert.deepEqual([problem.path, problem.code, more.length], [LOG, "FILE_DENIED", 0]);
    denied = false;
    it.files.append(LOG, "two\n");
    await it.settle(11_000);
    assert.deepEqual(it.texts().sort(), ["one", "other", "two"]);
    assert.deepEqual(it.set.problems, []);
  }));

Deno.test("TailSet takes the first of two entries that send one file to the same topic: each line once", () =>
  bench(
    async (it) => {
      it.files.append(LOG, "1\n2\n");
      await it.settle(12_000);
      assert.deepEqual(it.texts(), ["1", "2"]);
      assert.equal(it.set.status().length, 1);
    },
    JSON.stringify([{ path: "/var/log/*.log", topic: "t" }, { path: LOG, topic: "t" }]),
  ));

Deno.test("TailSet counts exactly what was rotated away and removed before it was sent, and the agent killed", () =>
  bench(async (it) => {
    it.sink.gate = new Promise(() => {});
    const wanted: string[] = [];
    for (let n = 0; n < 30; n++) {
      it.files.append(LOG, `first of ${n}\nsecond of ${n}\n`);
      wanted.push(`first of ${n}`, `second of ${n}`);
      await it.settle(100);
      if (n > 0) await it.files.remove(`${LOG}.1`);
      it.files.rename(LOG, `${LOG}.1`);
    }
    it.sink.lines.length = 0; // none of them was acknowledged
    await it.kill(); // the handles are lost with it: what was removed is gone, and counted
    await it.start();
    await it.settle(25_000);
    const sent = it.indexed();
    assert.deepEqual(sent, wanted.slice(-2), "the last one is still there");
    const lost = it.events.filter((event) => event.startsWith("removed"))
      .reduce((sum, event) => sum + Number(event.split(" ")[2]), 0);
    const bytes = wanted.slice(0, -2).reduce((sum, text) => sum + text.length + 1, 0);
    assert.equal(lost, bytes, "the unread bytes are told exactly");
  }));

Deno.test("TailSet reads what was rotated and removed while nothing could be sent, from its handles", () =>
  bench(async (it) => {
    let open = () => {};
    it.sink.gate = new Promise((resolve) => open = () => resolve());
    const wanted: string[] = [];
    for (let n = 0; n < 30; n++) {
      it.files.append(LOG, `line ${n}\n`);
      wanted.push(`line ${n}`);
      await it.settle(100);
      if (n > 0) await it.files.remove(`${LOG}.1`);
      it.files.rename(LOG, `${LOG}.1`);
    }
    it.sink.gate = undefined;
    open();
    await it.settle(40_000);
    assert.deepEqual(it.indexed().sort(), wanted.sort());
    const lost = it.events.filter((event) => /^removed \S+ [1-9]/.test(event));
    assert.deepEqual(lost, []);
  }));

Deno.test("TailSet: what a truncation takes before it was sent is counted exactly in the ledger", () =>
  bench(async (it) => {
    const sealer = new Sealer("h", "all");
    it.files.append(LOG, "sent\n");
    await it.settle(1000);
    sealer.accept(sealer.look(it.set.shipped(), 0));
    it.sink.gate = new Promise(() => {});
    it.files.append(LOG, "never sent 1\nnever sent 2\n");
    await it.settle(1000);
    sealer.accept(sealer.look(it.set.shipped(), 0));
    it.files.truncate(LOG);
    it.sink.gate = undefined;
    it.files.append(LOG, "new\n");
    await it.settle(1000);
    const closed = sealer.look(it.set.shipped(), 0).filter((seal) => seal.closed);
    assert.deepEqual(closed.map(({ to, size, unread }) => [to, size, unread]), [[5, 31, 26]]);
  }));

Deno.test("TailSet stops in the middle: what is on its way is waited for, and nothing is sent twice after the start", () =>
  bench(async (it) => {
    let open = () => {};
    it.files.append(LOG, "1\n2\n");
    await it.settle(100);
    it.sink.gate = new Promise((resolve) => open = () => resolve());
    it.files.append(LOG, "3\n4\n5");
    await it.settle(100);
    const stopped = it.set.stop(5000);
    await it.settle(1000);
    it.files.append(LOG, "5\n6\n");
    open();
    it.sink.gate = undefined;
    await it.settle(1000);
    await stopped;
    assert.deepEqual(it.texts(), ["1", "2", "3", "4"]);
    await it.start();
    await it.settle(1000);
    assert.deepEqual(it.texts(), ["1", "2", "3", "4", "55", "6"], "not even with the same uid");
  }));

Deno.test("TailSet forgets files that are gone for long, and keeps those that are there", () =>
  bench(async (it) => {
    for (let n = 0; n < 200; n++) it.files.append(`/var/log/gone${n}.log`, `line ${n}\n`);
    it.files.append(LOG, "stays\n");
    await it.settle(1000);
    for (let n = 0; n < 200; n++) await it.files.remove(`/var/log/gone${n}.log`);
    await it.settle(25_000);
    for (let day = 0; day < 8; day++) {
      await it.clock.advance(86_400_000);
      await it.settle(11_000);
      await it.set.save();
    }
    const states = ["a", "b"].map((slot) => it.files.content(`/state/checkpoint.${slot}`))
      .map((bytes) => new TextDecoder().decode(bytes));
    for (const text of states) {
      assert.equal(text.includes("gone"), false, "no state of a file that is gone");
      assert(text.includes(LOG));
    }
  }));

Deno.test("TailSet says of a file or folder whose name is no UTF-8 that it cannot be read", () =>
  bench(
    async (it) => {
      it.files.append("/var/log/a.log", "one\n");
      it.files.append("/var/log/there\ufffd.log", "two\n");
      await it.settle(11_000);
      assert.deepEqual(it.texts().sort(), ["one", "two"]);
      assert.deepEqual(it.set.problems.map(({ path, code }) => `${code} ${path}`).sort(), [
        "NAME_NOT_UTF8 /var/log/b\ufffd",
        "NAME_NOT_UTF8 /var/log/b\ufffd.log",
      ]);
    },
    undefined,
    (it) => {
      // As the system lists names with the byte ff in them.
      const others = [
        { name: "b\ufffd", kind: "directory" },
        { name: "b\ufffd.log", kind: "file" },
      ] as const;
      it.seen = new Proxy(it.files, {
        get: (files, name) =>
          name === "readDir"
            ? async (path: string) => [
              ...await files.readDir(path),
              ...(path === "/var/log" ? others : []),
            ]
            : Reflect.get(files, name).bind?.(files) ?? Reflect.get(files, name),
      });
    },
  ));

Deno.test("TailSet sees a file that was truncated and filled to the very size that it had", () =>
  bench(async (it) => {
    it.files.append(LOG, "begin\nfirst 1\n");
    await it.settle(3000);
    for (const line of ["other 2", "other 3"]) {
      it.files.truncate(LOG);
      it.files.append(LOG, `begin\n${line}\n`);
      await it.settle(12_000);
    }
    assert.deepEqual(it.texts(), ["begin", "first 1", "begin", "other 2", "begin", "other 3"]);
    it.files.rename(LOG, `${LOG}.1`);
    it.files.append(LOG, "begin\n");
    await it.settle(12_000);
    assert.equal(it.texts().length, 7);
  }));
