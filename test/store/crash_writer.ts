/**
 * A process that stores numbered lines until it is killed: `crash_writer.ts FOLDER SEED`. Goes on
 * where the store says it is, in chunks of random size, some of them sent twice; prints the end of
 * the last acknowledged line after each call.
 */
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { randomOf } from "../support/random.ts";
import { chunkAt, GENERATION, LINE_BYTES, TOPIC } from "./numbered.ts";

const [folder, seed] = Deno.args;
const random = randomOf(Number(seed));
const store = new EmbeddedStore({ folder });
const encoder = new TextEncoder();
let at = (store.position(GENERATION, TOPIC) ?? 0) / LINE_BYTES;
for (;;) {
  const chunks = [];
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
    // Now and then a part that is stored already, as after a lost answer.
    const from = random() < 0.3 ? Math.max(0, at - Math.floor(random() * 40)) : at;
    const chunk = chunkAt(from, 1 + Math.floor(random() * 3000));
    chunks.push(chunk);
    at = Math.max(at, from + chunk.lines);
  }
  store.appendChunks(chunks, Date.now());
  Deno.stdout.writeSync(encoder.encode(`${store.position(GENERATION, TOPIC)}\n`));
}
