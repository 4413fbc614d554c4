/** The embedded store gives the same answers as the in-memory store to random questions about random lines. */
import assert from "node:assert/strict";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import type { Document, LogRecord, Query, RangeRequest } from "../../core/ports/document_store.ts";
import { MemoryDocumentStore } from "../support/memory_document_store.ts";
import { randomOf } from "../support/random.ts";
import { ALL, found, signal, withStore } from "./with_store.ts";

const WORDS = [
  "error",
  "Timeout",
  "10.0.0.1",
  "café",
  "登录失败",
  "a",
  "user_7",
  "x-y",
  "İstanbul",
  "",
];

/** Lines of a few words, some with times, levels, JSON, line feeds of their own. */
function randomLines(random: () => number, topic: string): LogRecord[] {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
  const offsets = new Map<string, number>();
  return Array.from({ length: 60 + Math.floor(random() * 60) }, () => {
    const words = Array.from({ length: Math.floor(random() * 6) }, () => pick(WORDS)).join(
      pick([" ", "-", "_", "\t"]),
    );
    const time = new Date(Date.UTC(2026, 10, 20) + Math.floor(random() * 20) * 1800_000)
      .toISOString();
    const text = pick([
      () => `${time} ${pick(["INFO", "ERROR", "debug:"])} ${words}`,
      () =>
        JSON.stringify({
          time,
          level: pick(["warn", "info"]),
          user: pick(WORDS),
          n: Math.floor(random() * 5),
        }),
      () => `{"user":"\\u0061","k":"${pick(["x", "y"])}"}`,
      () => `\tat ${words}`,
      () => words,
      () => `${time} first\nsecond ${words}`,
    ])();
    const generation = pick(["AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB"]);
    const offset = offsets.get(generation) ?? 0;
    const record = recordOf(topic, text, offset, {
      generation,
      ...(random() < 0.2 && { fields: { user: pick(WORDS), env: "prod" } }),
      host: pick(["h1", "h2"]),
    });
    offsets.set(generation, offset + record.length);
    return record;
  });
}

function randomQuery(random: () => number, depth: number): Query {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
  const word = () => pick(WORDS.filter((one) => one !== ""));
  const leaves: (() => Query)[] = [
    () => ({ kind: "word", text: word(), prefix: random() < 0.3 }),
    () => ({
      kind: "word",
      text: pick(["tim", "失", "10", "user", "i̇stanbul", "y"]),
      prefix: random() < 0.5,
    }),
    () => ({ kind: "phrase", text: pick(["r 1", "a", "登录", "É", " ", "at ", word()]) }),
    () => ({
      kind: "regex",
      field: "message",
      source: pick([
        "^\\s+at",
        "r$",
        "\\d+\\.\\d",
        "[^a-z]o",
        "caf.",
        "(error|x)\\W",
        "t[\\s\\S]s",
        "a|first",
      ]),
    }),
    () => ({
      kind: "equals",
      field: pick(["user", "fields.user", "k"]),
      value: pick([...WORDS, "a", "x"]),
    }),
    () => ({ kind: "equals", field: "log.level", value: pick(["info", "error", "none"]) }),
    () => ({ kind: "equals", field: "host.name", value: "h1" }),
    () => ({ kind: "equals", field: "message", value: pick(WORDS) }),
    () => ({
      kind: "wildcard",
      field: pick(["user", "message", "env", "event.parent"]),
      pattern: pick(["*", "*o*", "a*"]),
    }),
    () => ({
      kind: "range",
      field: "n",
      above: "1",
      aboveInclusive: random() < 0.5,
      belowInclusive: false,
    }),
  ];
  if (depth === 0 || random() < 0.4) return pick(leaves)();
  const part = () => randomQuery(random, depth - 1);
  return pick([
    (): Query => ({ kind: "and", parts: [part(), part()] }),
    (): Query => ({ kind: "or", parts: [part(), part()] }),
    (): Query => ({ kind: "not", part: part() }),
  ])();
}

Deno.test("answers what the in-memory store answers to random questions", async () => {
  const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}; again with WEIR_SEED=${seed}`);
  const clean = (one: Document) => JSON.parse(JSON.stringify({ ...one, "event.ingested": "" }));
  for (let round = 0; round < 12; round++) {
    const random = randomOf(seed + round);
    await withStore({ blockBytes: 500 + Math.floor(random() * 3000) }, async (store) => {
      const memory = new MemoryDocumentStore();
      const records = randomLines(random, "app");
      for (let i = 0; i < records.length; i += 7) {
        await store.write(records.slice(i, i + 7));
        await memory.write(records.slice(i, i + 7));
      }
      for (let i = 0; i < 60; i++) {
        const query: Query = i === 0 ? ALL : randomQuery(random, 2);
        const order: "newest" | "oldest" = random() < 0.5 ? "newest" : "oldest";
        const limit = random() < 0.5 ? 1000 : 1 + Math.floor(random() * 30);
        const wanted: unknown[] = (await found(memory, query, { order, limit })).map(clean);
        const got: unknown[] = (await found(store, query, { order, limit })).map(clean);
        const what: string = `round ${round}: ${JSON.stringify(query)}`;
        assert.deepEqual(got, wanted, what);
        const range: RangeRequest = {
          query,
          fromMs: Date.UTC(2026, 10, 20, 3),
          toMs: Date.UTC(2026, 10, 20, 7),
        };
        assert.equal(await store.count(range, signal()), await memory.count(range), what);
        const bucketMs = random() < 0.5 ? 3_600_000 : 1000;
        assert.deepEqual(
          await store.histogram({ ...range, bucketMs }, signal()),
          await memory.histogram({ ...range, bucketMs }),
          what,
        );
        const values: RangeRequest & { field: string; limit: number } = {
          query,
          field: "user",
          limit: 5,
        };
        assert.deepEqual(await store.values(values, signal()), await memory.values(values), what);
      }
    });
  }
});
