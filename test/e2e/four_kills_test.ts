/** A sample of `npm run test:kill`: each of the four killed once, under 20,000 lines; a seed plays it again. */
import assert from "node:assert/strict";
import { runKills } from "./four_kills.ts";

const LINES = 20_000;

Deno.test({
  name: "agent, Kafka, transfer and Elasticsearch killed in turn: each line is there once",
  sanitizeOps: false, // the client keeps sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
    console.log(`play it again: npm run test:kill -- --lines ${LINES} --rounds 1 --seed ${seed}`);
    assert.equal(await runKills({ lines: LINES, rounds: 1, seed }), 0);
  },
});
