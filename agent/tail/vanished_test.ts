import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { parseEntries } from "./entries.ts";
import { type Bench, bench } from "./tail_bench.ts";

const LOG = "/var/log/app.log";
const PATTERN = parseEntries(`[{"path": "/var/log/*.log", "topic": "t"}]`, "test");
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

/** A file with two lines of which the second waits for its acknowledgement; the agent is killed and the file changed. */
async function behind(
  it: Bench,
  change: () => Promise<void> | void,
  entries = EXACT,
): Promise<void> {
  it.entries = entries;
  it.set.apply(entries);
  it.files.append(LOG, "1\n");
  await it.settle(10);
  const gate = Promise.withResolvers<void>();
  it.sink.gate = gate.promise;
  it.files.append(LOG, "the second\n");
  await it.settle(10);
  await it.set.save();
  await it.kill();
  gate.resolve();
  await change();
}

const removals = (it: Bench) => it.events.filter((event) => event.startsWith("removed"));
const away = (it: Bench) => it.set.shipped().filter((row) => row.away);

Deno.test("of a file that is gone the ledger is told what it had, once", () =>
  bench(async (it) => {
    await behind(it, () => it.files.remove(LOG));
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(removals(it), [`removed ${LOG} 11`]);
    const [row, ...others] = away(it);
    assert.deepEqual(others, []);
    const { path, topic, begin, offset, origin, lines, size } = row;
    assert.deepEqual({ path, topic, begin, offset, origin, lines, size }, {
      ...{ path: LOG, topic: "t", begin: 0, offset: 2, origin: 2, lines: 0, size: 13 },
    });
    await it.settle(30_000);
    assert.deepEqual(away(it), [], "it is told once");
    assert.equal(removals(it).length, 1);
  }));

Deno.test("a file that is wanted no more is not looked for, and not told of", () =>
  bench(async (it) => {
    await behind(it, () => it.files.rename(LOG, `${LOG}.1`));
    it.entries = parseEntries(`[{"path": "/var/log/other.log", "topic": "t"}]`, "test");
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(removals(it), []);
    assert.deepEqual(away(it), []);
    assert.deepEqual(it.indexed(), ["1", "the second"]);
  }));

Deno.test("a file that is wanted for another topic is not told of for the old one", () =>
  bench(async (it) => {
    await behind(it, () => it.files.remove(LOG));
    it.entries = parseEntries(
      `[{"path": "${LOG}", "topic": "t"}, {"path": "${LOG}", "topic": "u"}]`,
      "test",
    );
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(away(it).map(({ topic }) => topic), ["t"], "it never went to u");
  }));

for (
  const [name, failure, told] of [
    ["may not be looked at is taken as there", new WeirError("FILE_DENIED", "denied"), []],
    [
      "could not be looked at is looked for again",
      new WeirError("FILE_FAILED", "for now", { retriable: true }),
      [`removed ${LOG} 11`],
    ],
  ] as const
) {
  Deno.test(`a file of the last run that ${name}`, () =>
    bench(async (it) => {
      // By a pattern: the search looks at the names that there are.
      await behind(it, () => it.files.remove(LOG), PATTERN);
      let fails = true, asked = 0;
      it.seen = new Proxy(it.files, {
        get(files, key) {
          if (key === "stat") {
            return (path: string) => {
              if (path !== LOG || !fails) return files.stat(path);
              asked++;
              return Promise.reject(failure);
            };
          }
          const value = Reflect.get(files, key);
          return typeof value === "function" ? value.bind(files) : value;
        },
      });
      await it.start();
      await it.settle(12_000);
      assert.deepEqual(removals(it), [], "nobody knows yet");
      assert(asked > 0);
      fails = false;
      await it.settle(30_000);
      assert.deepEqual(removals(it), told);
    }));
}

Deno.test("of a file that was renamed before it went, each topic's rest is told of", () =>
  bench(async (it) => {
    const own = `{"path": "${LOG}", "topic": "own"}`,
      all = `{"path": "/var/log/**", "topic": "all"}`;
    it.entries = parseEntries(`[${own}, ${all}]`, "test");
    it.set.apply(it.entries);
    it.files.append(LOG, "1\n");
    await it.settle(10);
    const gate = Promise.withResolvers<void>();
    it.sink.gate = gate.promise;
    it.files.append(LOG, "the second\n");
    it.files.rename(LOG, `${LOG}.1`);
    await it.settle(12_000);
    await it.set.save();
    await it.kill();
    it.sink.gate = gate.promise;
    await it.start(); // from now on it is known by its new name
    await it.settle(12_000);
    await it.set.save();
    await it.kill();
    gate.resolve();
    await it.files.remove(`${LOG}.1`);
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(removals(it), [`removed ${LOG}.1 11`, `removed ${LOG}.1 11`]);
    assert.deepEqual(away(it).map(({ topic, offset }) => `${topic} ${offset}`).sort(), [
      "all 2",
      "own 2",
    ]);
  }));

Deno.test("the rest of a file is not looked for in what is packed", () =>
  bench(async (it) => {
    await behind(it, () => it.files.rename(LOG, `${LOG}.gz`));
    it.files.append(`${LOG}.gz`, "3 that no pattern means\n");
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(removals(it), [`removed ${LOG} 11`]);
    assert.deepEqual(it.indexed(), ["1", "the second"]);
  }));

Deno.test("a copy that has no more than was acknowledged is not read", () =>
  bench(async (it) => {
    it.entries = EXACT;
    it.set.apply(EXACT);
    it.files.append(LOG, "1\n2\n");
    await it.settle(10);
    await it.set.save();
    await it.kill();
    it.files.copy(LOG, `${LOG}.1`);
    await it.files.remove(LOG);
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(removals(it), [`removed ${LOG} 0`]);
    it.files.append(`${LOG}.1`, "3 of nobody\n");
    await it.settle(30_000);
    assert.deepEqual(it.indexed(), ["1", "2"]);
  }));
