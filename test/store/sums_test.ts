/**
 * All sums over the same question agree: count, bars of the histogram, values of a field and the lines themselves, for
 * ranges whose ends lie on and beside lines, minutes and bars, and for open ones. The lines: made ones with equal times,
 * times at the border of a minute, in the future, before 1970 and none at all; and real logs where they are there
 * (`WEIR_LOGS`, else `shared/logs` beside the checkout).
 */
import assert from "node:assert/strict";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import type { Document, Query } from "../../core/ports/document_store.ts";
import { facetsOf, histogramOf } from "../../search/api/facets.ts";
import { compileMatch } from "../../search/query/match.ts";
import { parseQuery } from "../../search/query/parse.ts";
import type { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { Random } from "../support/random.ts";
import { found, signal, withStore } from "./with_store.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDER = Deno.env.get("WEIR_LOGS") ?? `${ROOT}../shared/logs`;
const BEGIN_MS = Date.UTC(2026, 10, 21, 5);
const QUERIES = [
  "",
  "",
  "",
  "error",
  "level:error",
  "-level:*",
  "NOT level:info",
  "/a[0-9]/",
  "k:x",
];

/** Lines of a file, some without a time of their own, several at the border of a minute and of a day. */
function madeLines(random: Random): string[] {
  const steps = [0, 0, 1, 999, 59_999, 60_000, 61_000, 86_400_000, -86_399_999, -3000];
  let ms = BEGIN_MS;
  return Array.from({ length: 150 }, (_, i) => {
    ms += random.pick(steps);
    if (random.chance(0.2)) ms = Math.floor(ms / 60_000) * 60_000 - random.below(2);
    const time = new Date(ms).toISOString();
    return random.pick([
      `${time} INFO a${i % 20} x`,
      `${time} ERROR error of ${i}`,
      `${time} words alone`,
      `{"time":"${time}","level":"warn","k":"${random.pick(["x", "y"])}"}`,
      "no time, no level",
      `2099-01-01T00:00:00.000Z WARN of the future ${i}`,
      "1969-12-31T23:59:59.999Z INFO before the epoch",
    ]);
  });
}

function realLines(): { name: string; lines: string[] }[] {
  let names: string[];
  try {
    names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((one) =>
      /\.log$/.test(one)
    );
  } catch {
    return [];
  }
  return names.sort().map((name) => ({
    name,
    lines: Deno.readTextFileSync(`${FOLDER}/${name}`).trimEnd().split("\n"),
  }));
}

async function storeLines(store: EmbeddedStore, name: string, lines: string[]): Promise<void> {
  let offset = 0;
  const generation = name.replace(".", "-").slice(0, 16).padEnd(16, "_");
  await store.write(lines.map((line) => {
    const record = recordOf("app", line, offset, { generation, path: `/var/log/${name}` });
    offset += record.length;
    return record;
  }));
}

const timeOf = (one: Document) => Date.parse(one["@timestamp"]);

function counted(documents: readonly Document[], valueOf: (one: Document) => string | undefined) {
  const counts: Record<string, number> = {};
  for (const one of documents) {
    const value = valueOf(one);
    if (value !== undefined) counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}

/** An end of a range: none, or a time on or beside a line, its minute, its day. */
function edgeOf(random: Random, all: readonly Document[]): number | undefined {
  if (random.chance(0.3)) return undefined;
  const ms = timeOf(random.pick(all));
  const width = random.pick([1, 60_000, 86_400_000]);
  return Math.floor(ms / width) * width + random.pick([0, 1, -1, width]);
}

/** Asks one question in every way, and compares the answers with the lines that fit. */
async function ask(store: EmbeddedStore, all: readonly Document[], random: Random): Promise<void> {
  const text = random.pick(QUERIES), query: Query = parseQuery(text);
  const fromMs = edgeOf(random, all), toMs = edgeOf(random, all);
  const range = {
    query,
    ...(fromMs !== undefined && { fromMs }),
    ...(toMs !== undefined && { toMs }),
  };
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) return;
  const bars = random.pick([1, 7, 120, 2000]);
  const what = JSON.stringify({ text, fromMs, toMs, bars });
  const match = compileMatch(query);
  const fit = all.filter((one) =>
    timeOf(one) >= (fromMs ?? -Infinity) && timeOf(one) < (toMs ?? Infinity) && match(one)
  );
  assert.equal(await store.count(range, signal()), fit.length, `count ${what}`);
  let lines = 0;
  for await (
    const batch of store.search({ ...range, order: "newest", limit: 1_000_000 }, signal())
  ) lines += batch.length;
  assert.equal(lines, fit.length, `lines ${what}`);
  const histogram = await histogramOf(store, range, bars, undefined, signal());
  assert.equal(histogram.total, fit.length, `total of the histogram ${what}`);
  const { bucketMs, buckets } = histogram;
  const startOf = (one: Document) => String(Math.floor(timeOf(one) / bucketMs) * bucketMs);
  assert.deepEqual(
    Object.fromEntries(buckets.map(({ startMs, count }) => [String(startMs), count])),
    counted(fit, startOf),
    `bars ${what}`,
  );
  const levels: Record<string, number> = {};
  for (const bucket of buckets) {
    let sum = 0;
    for (const [level, count] of Object.entries(bucket.levels)) {
      levels[level] = (levels[level] ?? 0) + count;
      sum += count;
    }
    assert.equal(sum, bucket.count, `levels of a bar ${what}`);
  }
  assert.deepEqual(levels, counted(fit, (one) => one["log.level"] ?? ""), `levels ${what}`);
  const { fields } = await facetsOf(store, range, 1000, signal());
  for (const field of ["log.level", "log.file.path"] as const) {
    const values = fields.find((one) => one.field === field)!.values!;
    assert.deepEqual(
      Object.fromEntries(values.map(({ value, count }) => [value, count])),
      counted(fit, (one) => one[field]),
      `values of ${field} ${what}`,
    );
  }
}

Deno.test("all sums over one question agree", async () => {
  const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}; again with WEIR_SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 5; round++) {
    await withStore({ blockBytes: 300 + random.below(4000) }, async (store) => {
      for (const name of ["one.log", "two.log"]) await storeLines(store, name, madeLines(random));
      const all = await found(store);
      for (let i = 0; i < 60; i++) await ask(store, all, random);
    });
  }
});

const real = realLines();
Deno.test({
  name: "all sums over one question agree: real logs",
  ignore: real.length === 0,
  fn: async () => {
    const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}; again with WEIR_SEED=${seed}`);
    const random = new Random(seed);
    await withStore({ blockBytes: 65_536 }, async (store) => {
      for (const { name, lines } of real) await storeLines(store, name, lines);
      const all = await found(store);
      assert.equal(all.length, real.reduce((sum, { lines }) => sum + lines.length, 0));
      for (let i = 0; i < 15; i++) await ask(store, all, random);
    });
  },
});
