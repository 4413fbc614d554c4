/** Live lines over a real Elasticsearch: none lost and none twice, however late and out of order they come. */
import assert from "node:assert/strict";
import type { Document } from "../../core/ports/document_store.ts";
import { Random } from "../support/random.ts";
import { patience, waitFor } from "../support/wait.ts";
import { elastic, Indices } from "./indexed.ts";

const BASE: Omit<Document, "_id" | "log.offset" | "message" | "event.ingested"> = {
  "@timestamp": "2026-11-21T06:00:00.000Z",
  topic: "live",
  "host.name": "web-1",
  "log.file.path": "/var/log/live.log",
  "log.file.generation": "AAAAAAAAAAAAAAAA",
  "log.length": 1,
  "event.created": "2026-11-21T06:00:00.000Z",
  "event.dataset": "live",
};

function documentOf(number: number, ingestedMs: number, more: Partial<Document> = {}): Document {
  return {
    ...BASE,
    _id: `AAAAAAAAAAAAAAAA:${number}-${number + 1}`,
    "log.offset": number,
    message: `line ${number}`,
    "event.ingested": new Date(ingestedMs).toISOString(),
    ...more,
  };
}

function test(name: string, run: (indices: Indices) => Promise<void>): void {
  Deno.test({
    name: `live lines: ${name}`,
    sanitizeOps: false, // the client keeps sockets and timers for a while
    sanitizeResources: false,
    async fn() {
      const indices = new Indices();
      try {
        await run(indices);
      } finally {
        await indices.remove();
      }
    },
  });
}

test("each line once, written by several at once, out of order and late", async (indices) => {
  const seed = Number(Deno.env.get("WEIR_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  const random = new Random(seed), total = 800;
  console.log(`seed ${seed}; again: WEIR_SEED=${seed} npm test -- test/search`);
  const places = [await indices.make("a"), await indices.make("b", 3)];
  await indices.add(places[0], [1, 2, 3].map((number) => documentOf(-number, Date.now() - 5000)));
  const reader = await indices.reader({ pollMs: 50 });
  const abort = new AbortController(), seen = new Map<string, number>();
  const following = (async () => {
    for await (const batch of reader.follow({ query: { kind: "all" } }, abort.signal)) {
      for (const { message } of batch) seen.set(message, (seen.get(message) ?? 0) + 1);
      if (seen.size >= total) abort.abort();
    }
  })();
  const limit = setTimeout(() => abort.abort(), 60_000 * patience());
  // What is there already when it begins is old; so the late ones come once it has begun.
  await indices.add(places[0], [documentOf(0, Date.now())]);
  await waitFor("it to begin", () => seen.has("line 0"));
  let next = 1;
  const writer = async () => {
    while (next < total) {
      const documents = Array.from({ length: Math.min(1 + random.below(60), total - next) }, () => {
        // Up to a minute late, or from a clock that is ahead; with any time of its own.
        const ingested = Date.now() - (random.chance(0.3) ? random.below(60_000) : 0) +
          (random.chance(0.1) ? 2000 : 0);
        const own = new Date(Date.now() - random.below(3e9)).toISOString();
        return documentOf(next++, ingested, { "@timestamp": own });
      });
      await indices.add(random.pick(places), documents, random.chance(0.3));
    }
  };
  await Promise.all([writer(), writer(), writer()]);
  await following;
  clearTimeout(limit);
  await reader.close();
  assert.equal(seen.size, total);
  assert.deepEqual([...seen].filter(([, times]) => times !== 1), []);
  assert.equal(seen.has("line -1"), false, "what was there before is no news");
});

test("goes on when Elasticsearch could not be asked for a while", async (indices) => {
  const index = await indices.make("a");
  const reader = await indices.reader({ pollMs: 50 });
  const abort = new AbortController(), seen: string[] = [];
  const following = (async () => {
    const request = { query: { kind: "phrase", text: "line 1" } as const };
    for await (const batch of reader.follow(request, abort.signal)) {
      seen.push(...batch.map((one) => one.message));
      if (seen.includes("line 11")) abort.abort();
    }
  })();
  await indices.add(index, [documentOf(1, Date.now()), documentOf(2, Date.now())]);
  // A closed index answers a search with an error, or is left out: either way its lines come later.
  await elastic("POST", `/${index}/_close`);
  await elastic("POST", `/${index}/_open?wait_for_active_shards=1`);
  await indices.add(index, [documentOf(10, Date.now()), documentOf(11, Date.now())]);
  await following;
  await reader.close();
  assert.deepEqual(seen, ["line 1", "line 10", "line 11"]);
});
