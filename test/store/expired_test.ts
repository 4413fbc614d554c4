/** The audit of an embedded store whose retention dropped lines: they are expired, what is not there behind them is missing. */
import assert from "node:assert/strict";
import { ApiClient } from "../../cli/api_client.ts";
import { totalsOf } from "../../cli/audit/audit.ts";
import { auditEmbedded } from "../../cli/audit/embedded.ts";
import { newRegistry } from "../../core/metrics/registry.ts";
import { createSearchServer } from "../../search/server.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { tempDir } from "../support/temp.ts";
import { chunkAt, GENERATION, LINE_BYTES, TOPIC } from "./numbered.ts";

const DAY_MS = 86_400_000, LINES = 1000;

Deno.test("audit of the embedded store: dropped by retention is expired, what it lacks at the end is missing", async () => {
  let now = Date.UTC(2026, 10, 1);
  const clock = { wallMs: () => now, monotonicMs: () => now, sleep: () => Promise.resolve() };
  await using folder = await tempDir("weir-expired-");
  const retention = { ageMsMax: 3 * DAY_MS };
  const options = { folder: folder.path, blockBytes: 4000, clock, retention, freeBytesMin: 0 };
  let store = new EmbeddedStore(options);
  for (let i = 0; i < LINES; i += 200, now += DAY_MS) {
    store.appendChunks([chunkAt(i, 200)], now);
  }
  const dropped = store.maintain();
  assert.ok(dropped > 0 && dropped < LINES);
  await store.close();
  store = new EmbeddedStore(options); // what it knows of retention outlives it
  const size = LINES * LINE_BYTES;
  const file = { path: "/var/log/numbered.log", topic: TOPIC, generation: GENERATION, size };
  const server = createSearchServer({
    ...{ reader: store, listen: "127.0.0.1:0", registry: newRegistry("weir") },
    page: () => Promise.resolve(new Map()),
    expired: (generation, topic) => store.expired(generation, topic),
    status: () => ({
      agent: {
        ...{ host: "test", guarantee: "all" },
        files: [{ ...file, offset: size + LINE_BYTES, lines: LINES + 1 }],
      },
    }),
  });
  await server.start();
  try {
    const found = await auditEmbedded(new ApiClient({ url: server.url }), { fits: () => true });
    const { expiredBytes, missingBytes, doubledBytes } = totalsOf(found);
    assert.equal(expiredBytes, dropped * LINE_BYTES);
    assert.deepEqual([missingBytes, doubledBytes], [LINE_BYTES, 0]);
    assert.deepEqual(found.files[0].missing, [{ start: size, end: size + LINE_BYTES }]);
  } finally {
    await server.stop(5000);
    await store.close();
  }
});
