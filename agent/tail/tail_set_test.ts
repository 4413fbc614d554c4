import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { parseEntries } from "./entries.ts";
import { bench } from "./tail_bench.ts";

Deno.test("TailSet sends what is there and what is appended, each line once", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "one\ntwo\nthr");
    await it.settle(10);
    assert.deepEqual(it.texts(), ["one", "two"]);
    it.files.append("/var/log/a.log", "ee\r\n");
    await it.settle(10);
    assert.deepEqual(it.texts(), ["one", "two", "three"]);
    assert.deepEqual(it.set.status()[0].lagBytes, 0);
  }));

Deno.test("TailSet finds files that appear later, in directories that appear later, at the latest by the sweep", () =>
  bench(async (it) => {
    it.files.append("/var/log/new/deep/b.log", "x\n");
    await it.settle(11_000);
    assert.deepEqual(it.texts(), ["x"]);
  }));

Deno.test("TailSet sends a last line without line end after a while, and what is added to it as a line of its own", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "whole\npart");
    await it.settle(4000);
    assert.deepEqual(it.texts(), ["whole"]);
    await it.settle(2000);
    assert.deepEqual(it.texts(), ["whole", "part"]);
    it.files.append("/var/log/a.log", "ial\n");
    await it.settle(100);
    assert.deepEqual(it.texts(), ["whole", "part", "ial"]);
    await it.kill();
    await it.start();
    assert.deepEqual(it.indexed(), ["whole", "part", "ial"]);
  }));

Deno.test("TailSet sends the last line at once of a file that was not written for long before it is first looked at", () =>
  bench(
    async (it) => {
      assert.deepEqual(it.texts().sort(), ["new", "old", "old, part"]);
      it.files.append("/var/log/old.log", "s of it\nhalf");
      await it.settle(3000);
      assert.deepEqual(it.texts().slice(3), ["s of it"], "what is written now is waited with");
      await it.settle(3000);
      assert.deepEqual(it.texts().slice(3).sort(), ["half", "new, part", "s of it"]);
      await it.kill();
      await it.start();
      assert.equal(it.indexed().length, 6);
    },
    undefined,
    (it) => {
      it.files.append("/var/log/old.log", "old\nold, part");
      for (const text of ["new\n", "new, part"]) it.files.append("/var/log/new.log", text);
      it.restedMs = it.clock.wallMs() - 1; // these files count their writes as ms
    },
  ));

Deno.test("TailSet reads the renamed file to its end, late writes included, then goes on with the new one", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "1\n");
    await it.settle(10);
    it.files.append("/var/log/a.log", "2\n");
    it.files.rename("/var/log/a.log", "/var/log/a.log.1");
    it.files.append("/var/log/a.log", "4\n");
    it.files.append("/var/log/a.log.1", "3\n");
    await it.settle(20_000);
    assert.deepEqual(it.texts().sort(), ["1", "2", "3", "4"]);
    it.files.append("/var/log/a.log.1", "late\n");
    await it.settle(10);
    assert.deepEqual(it.texts().filter((text) => text === "late").length, 1);
  }));

Deno.test("TailSet reads a file to its end that was renamed out of the pattern or removed", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "1\n");
    it.files.append("/var/log/b.log", "1\n");
    await it.settle(10);
    it.files.append("/var/log/a.log", "2\n");
    it.files.rename("/var/log/a.log", "/var/log/gone");
    it.files.append("/var/log/b.log", "2\n");
    await it.files.remove("/var/log/b.log");
    await it.settle(30_000);
    assert.deepEqual(it.texts().sort(), ["1", "1", "2", "2"]);
    assert(it.events.includes("removed /var/log/b.log 0"));
    assert.equal(
      it.set.openFiles,
      1,
      "the removed one is closed, the renamed one is kept for late writes",
    );
    it.files.append("/var/log/gone", "3\n");
    await it.settle(11_000);
    assert.equal(it.texts().filter((text) => text === "3").length, 1);
  }));

Deno.test("TailSet gives a truncated file a new generation, refilled past the old offset or not", () =>
  bench(async (it) => {
    const refill = ["banner", "new 1", "new 2", "new 3", "new 4"];
    it.files.append("/var/log/a.log", "banner\nold 1\nold 2\n");
    await it.settle(10);
    it.files.truncate("/var/log/a.log");
    it.files.append("/var/log/a.log", refill.map((line) => `${line}\n`).join(""));
    await it.settle(10);
    it.files.truncate("/var/log/a.log");
    it.files.append("/var/log/a.log", "banner\n");
    await it.settle(10);
    assert.deepEqual(it.texts(), ["banner", "old 1", "old 2", ...refill, "banner"]);
    assert.equal(it.indexed().length, 9);
    assert.equal(new Set(it.sink.lines.map((line) => line.generation)).size, 3);
  }));

Deno.test("TailSet takes the copy of copytruncate for the file that it was: nothing twice, the rest of it read", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "1\n2\n");
    await it.settle(10);
    it.sink.gate = new Promise(() => {}); // from here nothing is acknowledged before the copy
    it.files.append("/var/log/a.log", "3\n");
    it.files.copy("/var/log/a.log", "/var/log/a.log.1");
    await it.settle(300);
    it.sink.gate = undefined;
    it.files.truncate("/var/log/a.log");
    it.files.append("/var/log/a.log", "4\n");
    await it.settle(12_000);
    assert.deepEqual(it.indexed().sort(), ["1", "2", "3", "4"]);
  }));

Deno.test("TailSet reads two files with the same head both, the later one after a pause", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "head\n");
    await it.settle(10);
    it.files.append("/var/log/b.log", "head\n");
    await it.settle(12_000);
    assert.deepEqual(it.texts(), ["head", "head"]);
    assert.equal(it.indexed().length, 2);
  }));

Deno.test("TailSet goes on after a kill at its checkpoint: nothing lost, nothing doubled by uid", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "1\n2\n");
    await it.settle(10);
    await it.set.save();
    it.files.append("/var/log/a.log", "3\n");
    await it.settle(10);
    await it.kill();
    it.files.append("/var/log/a.log", "4\n");
    await it.start();
    assert.deepEqual(it.indexed(), ["1", "2", "3", "4"]);
    assert(it.events.includes("resumed /var/log/a.log"));
  }));

Deno.test("TailSet finds a file again that was renamed while the agent was down, inode kept or copied anew", async () => {
  for (const way of ["rename", "copy", "reuse"] as const) {
    await bench(async (it) => {
      it.files.reuseInodes = way === "reuse";
      it.files.append("/var/log/a.log", "1\n2\n");
      await it.settle(10);
      await it.kill();
      it.files.append("/var/log/a.log", "3\n");
      if (way === "rename") it.files.rename("/var/log/a.log", "/var/log/a.log.1");
      if (way === "copy") {
        it.files.copy("/var/log/a.log", "/var/log/a.log.1");
        it.files.truncate("/var/log/a.log");
      }
      if (way === "reuse") {
        it.files.copy("/var/log/a.log", "/var/log/a.log.1");
        await it.files.remove("/var/log/a.log");
      }
      it.files.append("/var/log/a.log", "4\n");
      await it.start();
      await it.settle(12_000);
      assert.deepEqual(it.indexed().sort(), ["1", "2", "3", "4"], way);
    });
  }
});

Deno.test("TailSet recognises a file whose device number changed", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "1\n");
    await it.settle(10);
    await it.kill();
    it.files.device = 99;
    it.files.append("/var/log/a.log", "2\n");
    await it.start();
    assert.deepEqual(it.indexed(), ["1", "2"]);
  }));

Deno.test("TailSet sends again from the first unacknowledged line when the sink refuses, with the same uids", () =>
  bench(async (it) => {
    it.sink.failure = new WeirError("KAFKA_UNREACHABLE", "Cannot send", { retriable: true });
    it.files.append("/var/log/a.log", "1\n2\n");
    await it.settle(100);
    assert.match(it.set.status()[0].failure, /KAFKA_UNREACHABLE/);
    it.sink.failure = undefined;
    await it.settle(5000);
    assert.deepEqual(it.texts(), ["1", "2"]);
    assert.equal(it.set.status()[0].failure, "");
  }));

Deno.test("TailSet sends nothing whose generation or day could not be noted, and goes on when it can be", () =>
  bench(async (it) => {
    it.files.writeFailure = new WeirError("DISK_FULL", "Cannot write: no room", {
      retriable: true,
    });
    it.files.append("/var/log/a.log", "1\n");
    await it.settle(2000);
    assert.deepEqual(it.texts(), []);
    assert.equal(it.set.problems[0]?.code, "DISK_FULL");
    it.files.writeFailure = undefined;
    await it.settle(2000);
    assert.deepEqual(it.texts(), ["1"]);
  }));

Deno.test("TailSet keeps the day on which a line was first read, over midnight and over a restart", () =>
  bench(async (it) => {
    const day = 86_400_000;
    it.files.append("/var/log/a.log", "day one\n");
    await it.settle(10);
    await it.set.save();
    it.files.append("/var/log/a.log", "day one, not in the checkpoint\n");
    await it.settle(10);
    await it.kill();
    await it.clock.advance(day);
    await it.start();
    it.files.append("/var/log/a.log", "day two\n");
    await it.settle(10);
    const days = new Map(it.sink.lines.map((line) => [line.text, new Set<string>()]));
    for (const line of it.sink.lines) days.get(line.text)!.add(line.day);
    assert.deepEqual([...days].map(([text, seen]) => [text, [...seen]]), [
      ["day one", ["2026-11-21"]],
      ["day one, not in the checkpoint", ["2026-11-21"]],
      ["day two", ["2026-11-22"]],
    ]);
  }));

Deno.test("TailSet starts, changes and ends tails as the entries say, and leaves the others alone", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "a1\n");
    it.files.append("/var/log/b.log", "b1\n");
    await it.settle(10);
    it.set.apply(
      parseEntries(
        '[{"path": "/var/log/a.log", "topic": "t"}, {"path": "/var/log/c.txt", "topic": "u"}]',
        "x",
      ),
    );
    await it.settle(500);
    it.files.append("/var/log/a.log", "a2\n");
    it.files.append("/var/log/b.log", "b2\n");
    it.files.append("/var/log/c.txt", "c1\n");
    await it.settle(11_000);
    assert.deepEqual(it.texts().sort(), ["a1", "a2", "b1", "c1"]);
    it.set.apply(it.entries);
    await it.settle(500);
    assert.deepEqual(
      it.texts().sort(),
      ["a1", "a2", "b1", "b2", "c1"],
      "b goes on where it stopped",
    );
  }));

Deno.test("TailSet cuts an over-long line, longer than a buffer too, and reads the next one whole", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", `${"x".repeat(5000)}\nafter\n${"y".repeat(300_000)}\nend\n`);
    await it.settle(100);
    assert.deepEqual(it.texts().map((text) => text.length), [1000, 5, 1000, 3]);
    const last = it.sink.lines.at(-1)!;
    assert.equal(last.end, 5001 + 6 + 300_001 + 4);
  }));

Deno.test("TailSet reads two names of one inode once, and no file outside the roots", () =>
  bench(async (it) => {
    it.files.append("/etc/secret.log", "secret\n");
    it.set.apply(parseEntries('[{"path": "/etc/*.log", "topic": "t"}]', "x"));
    await it.settle(500);
    assert.deepEqual(it.texts(), []);
    assert.equal(it.set.problems[0]?.code, "PATH_OUTSIDE_ROOTS");
  }));

Deno.test("TailSet goes on in a file that an editor wrote anew, when it is long enough to be known", () =>
  bench(async (it) => {
    const text = Array.from({ length: 60 }, (_, i) => `line ${i} ${"x".repeat(20)}\n`).join("");
    it.files.append("/var/log/a.log", text);
    await it.settle(100);
    it.files.append("/var/log/draft", `${text}more\n`);
    it.files.rename("/var/log/draft", "/var/log/a.log");
    await it.settle(20_000);
    assert.equal(it.texts().length, 61);
    assert.equal(new Set(it.sink.lines.map(({ generation }) => generation)).size, 1);
  }));

Deno.test("TailSet sends a short file again that is written anew with the same words", () =>
  bench(async (it) => {
    for (let i = 0; i < 3; i++) {
      it.files.append("/var/log/job.log", "job ok\n");
      await it.settle(2000);
      await it.files.remove("/var/log/job.log");
      await it.settle(12_000);
    }
    assert.deepEqual(it.texts(), ["job ok", "job ok", "job ok"]);
  }));

Deno.test("TailSet keeps the state of a file that did not change for longer than states are kept", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "once\n");
    await it.settle(1000);
    await it.set.save();
    await it.kill();
    await it.clock.advance(20 * 86_400_000);
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(it.indexed(), ["once"]);
  }));

Deno.test("TailSet takes the first of two entries whose patterns meet on one file, for each topic", () =>
  bench(
    async (it) => {
      it.files.append("/var/log/a.log", "secret=1\n");
      await it.settle(10);
      assert.deepEqual(it.texts(), ["secret=***"]);
    },
    JSON.stringify([
      { path: "/var/log/*.log", topic: "t", mask: [{ name: "secret", preset: "password" }] },
      { path: "/var/log/a*", topic: "t" },
    ]),
  ));

Deno.test("TailSet tells once of a file that went while no agent ran, with what was unread at the last look", () =>
  bench(async (it) => {
    it.files.append("/var/log/a.log", "1\n2\n");
    it.files.append("/var/log/read.log", "all of it\n");
    it.files.append("/var/log/kept.log", "kept\n");
    await it.settle(10);
    it.sink.gate = new Promise(() => {});
    it.files.append("/var/log/a.log", "three\n");
    await it.settle(2000);
    await it.set.save();
    await it.kill();
    await it.files.remove("/var/log/a.log");
    await it.files.remove("/var/log/read.log");
    it.files.append("/var/log/a.log", "another file of this name\n");
    await it.start();
    await it.settle(22_000);
    const away = it.set.shipped().filter(({ away }) => away);
    assert.deepEqual(
      away.map(({ path, offset, size }) => [path, offset, size]).sort(),
      [["/var/log/a.log", 4, 10], ["/var/log/read.log", 10, 10]],
    );
    assert.deepEqual(it.set.shipped().filter(({ away }) => away), []);
    assert(it.events.includes("removed /var/log/a.log 6"));
  }));
