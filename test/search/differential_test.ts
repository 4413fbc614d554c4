/**
 * The same documents in the embedded store and in a real Elasticsearch, and random questions to
 * both: the same documents in the same order, the same counts, histograms and values. A failure
 * prints its seed; WEIR_SEED plays it again, WEIR_QUERIES sets the number of questions.
 */
import assert from "node:assert/strict";
import type {
  Document,
  DocumentReader,
  LogRecord,
  Query,
  RangeRequest,
  SortKey,
} from "../../core/ports/document_store.ts";
import { printQuery } from "../../search/query/print.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { Random } from "../support/random.ts";
import { patience } from "../support/wait.ts";
import { allOf, Indices } from "./indexed.ts";
import { START_MS, texts, TOPICS, WORDS } from "./lines.ts";
import { queryOf } from "./queries.ts";

const GENERATIONS = ["AAAAAAAAAAAAAAAA", "B_-BBBBBBBBBBBBB", "cccccccccccccccc"];

/** Records of three files and of another producer. */
function recordsOf(random: Random, count: number): LogRecord[] {
  const offsets = [0, 0, 0], kafka = [0, 0];
  return texts(random, count).map((text, number) => {
    const value = new TextEncoder().encode(text);
    const createdMs = START_MS + number * 137;
    const topic = random.pick(TOPICS);
    const common = { topic, value, createdMs, day: "2026-11-21", tz: "UTC" };
    if (random.chance(0.15)) {
      const partition = random.below(2), offset = kafka[partition]++;
      return {
        ...common,
        topic: TOPICS[0],
        uid: `${TOPICS[0]}-${partition}-${offset}-${createdMs}`,
        generation: null,
        offset,
        length: value.length,
        host: "",
        path: "",
        kafka: { partition, offset: String(offset) },
      };
    }
    const file = random.below(GENERATIONS.length), generation = GENERATIONS[file];
    const offset = offsets[file], length = value.length + 1;
    offsets[file] += length;
    return {
      ...common,
      uid: `${generation}:${offset}-${offset + length}`,
      generation,
      offset,
      length,
      host: ["web-1", "Web-2", "dé-3"][file],
      path: ["/var/log/app.log", "/var/log/nginx/access.log", "/srv/ä b.log"][file],
      ...(file === 2 ? { fields: { team: "shop", "fields.path": "odd" } } : {}),
    };
  });
}

class Pair {
  readonly #random: Random;
  readonly #stores: readonly [DocumentReader, DocumentReader];
  readonly #documents: readonly Document[];

  constructor(random: Random, stores: [DocumentReader, DocumentReader], documents: Document[]) {
    this.#random = random;
    this.#stores = stores;
    this.#documents = documents;
  }

  async both<T>(ask: (store: DocumentReader, signal: AbortSignal) => Promise<T>): Promise<[T, T]> {
    const signal = AbortSignal.timeout(60_000 * patience());
    return [await ask(this.#stores[0], signal), await ask(this.#stores[1], signal)];
  }

  range(): Omit<RangeRequest, "query"> {
    const random = this.#random, span = this.#documents.length * 400;
    const at = () => START_MS + random.below(span);
    if (random.chance(0.5)) return {};
    const [a, b] = [at(), at()].sort((x, y) => x - y);
    return random.chance(0.5) ? { fromMs: a } : { fromMs: a, toMs: b + 1 };
  }

  /** Asks both stores everything about a query. */
  async compare(query: Query): Promise<number> {
    const random = this.#random;
    const request = { query, ...this.range() };
    const order = random.pick(["newest", "oldest"] as const);
    const limit = random.chance(0.3) ? 1 + random.below(40) : 100_000;
    const after = random.chance(0.3) ? keyOf(random, random.pick(this.#documents)) : undefined;
    const search = { ...request, order, limit, ...(after === undefined ? {} : { after }) };
    const [wanted, found] = await this.both(async (store, signal) => {
      const all: Document[] = [];
      for await (const batch of store.search(search, signal)) all.push(...batch);
      return all;
    });
    assert.deepEqual(found.map((one) => one._id), wanted.map((one) => one._id), "search");
    if (wanted.length > 0) assert.deepEqual(plain(found[0]), plain(wanted[0]), "document");
    const [count, counted] = await this.both((store, signal) => store.count(request, signal));
    assert.equal(counted, count, "count");
    const bucketMs = random.pick([1, 1000, 60_000, 3_600_000]);
    const [bars, shown] = await this.both((store, signal) =>
      store.histogram({ ...request, bucketMs }, signal)
    );
    assert.deepEqual(shown, bars, "histogram");
    const field = random.pick(FIELDS);
    const [values, listed] = await this.both((store, signal) =>
      store.values({ ...request, field, limit: 5000 }, signal)
    );
    assert.deepEqual(listed, values, `values of ${field}`);
    return count;
  }
}

const FIELDS = [
  "log.level",
  "host.name",
  "topic",
  "status",
  "fields.path",
  "log.offset",
  "message",
];

function keyOf(random: Random, document: Document): SortKey {
  return {
    timestampMs: Date.parse(document["@timestamp"]),
    generation: document["log.file.generation"],
    offset: document["log.offset"],
    ...(random.chance(0.7) ? { topic: document.topic } : {}),
  };
}

/** Without prototypes, and with the names of the fields sorted. */
function plain(document: Document): unknown {
  const { fields, ...rest } = document;
  return { ...rest, ...(fields === undefined ? {} : { fields: { ...fields } }) };
}

Deno.test({
  name: "a reader over Elasticsearch answers as the embedded store does",
  sanitizeOps: false, // the client keeps sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const seed = Number(Deno.env.get("WEIR_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    const queries = Number(Deno.env.get("WEIR_QUERIES") ?? 40);
    const random = new Random(seed);
    const folder = Deno.makeTempDirSync();
    const store = new EmbeddedStore({ folder, freeBytesMin: 0, blockBytes: 20_000 });
    const indices = new Indices();
    let asked = 0, hit = 0, query: Query = { kind: "all" };
    const reader = await indices.reader();
    try {
      await store.write(recordsOf(random, 1000));
      const documents = await allOf(store);
      const made = [await indices.make("a"), await indices.make("b", 2)];
      const part = Math.floor(documents.length / 2);
      await indices.add(made[0], documents.slice(0, part));
      await indices.add(made[1], documents.slice(part));
      const pair = new Pair(random, [store, reader], documents);
      for (; asked < queries; asked++) {
        query = asked === 0 ? { kind: "all" } : queryOf(random, WORDS);
        if (await pair.compare(query) > 0) hit++;
      }
      console.log(
        `seed ${seed}: ${asked} queries over ${documents.length} lines, ${hit} with hits`,
      );
      assert.ok(hit > asked / 4, "most questions are about what is there");
    } catch (error) {
      console.log(`seed ${seed}, query ${asked}: ${printQuery(query)} ${JSON.stringify(query)}`);
      console.log(`again: WEIR_SEED=${seed} npm test -- test/search`);
      throw error;
    } finally {
      await reader.close();
      await store.close();
      Deno.removeSync(folder, { recursive: true });
      await indices.remove();
    }
  },
});
