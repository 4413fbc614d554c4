/**
 * The embedded store in a process that is killed with SIGKILL at random moments, again and again:
 * every line that was acknowledged is there once, and the position is what is stored.
 */
import assert from "node:assert/strict";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { randomOf } from "../support/random.ts";
import { GENERATION, LINE_BYTES, numberIn, TOPIC } from "./numbered.ts";

const ROUNDS = Number(Deno.env.get("WEIR_CRASH_ROUNDS") ?? 12);
const WRITER = new URL("./crash_writer.ts", import.meta.url).pathname;

/**
 * Lets the writer run until it acknowledged some calls, kills it at once; returns the last
 * acknowledged position.
 */
async function runAndKill(folder: string, seed: number, calls: number): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "--no-check", WRITER, folder, String(seed)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "", seen = 0, killed = false;
  const decoder = new TextDecoder();
  for await (const piece of child.stdout) {
    text += decoder.decode(piece);
    seen = text.split("\n").length - 1;
    if (seen >= calls && !killed) {
      killed = true;
      child.kill("SIGKILL");
    }
  }
  const status = await child.status;
  assert.equal(status.signal, "SIGKILL", "the writer ends by our kill and nothing else");
  const whole = text.slice(0, text.lastIndexOf("\n")).split("\n");
  return Number(whole[whole.length - 1]);
}

async function check(folder: string, acknowledged: number): Promise<void> {
  const store = new EmbeddedStore({ folder });
  try {
    const position = store.position(GENERATION, TOPIC)!;
    assert.ok(position >= acknowledged, `position ${position}, acknowledged ${acknowledged}`);
    const lines = position / LINE_BYTES;
    assert.equal(store.stats().lines, lines, "the position is what is stored");
    let next = 0;
    const request = { query: { kind: "all" }, order: "oldest", limit: 1_000_000 } as const;
    for await (const batch of store.search(request, new AbortController().signal)) {
      for (const document of batch) {
        assert.equal(numberIn(document.message), next);
        assert.equal(document["log.offset"], next * LINE_BYTES);
        next++;
      }
    }
    assert.equal(next, lines, "every line is found once");
    assert.equal(store.stats().overlaps, 0);
  } finally {
    await store.close();
  }
}

Deno.test("a store killed at random moments keeps each acknowledged line once", async () => {
  const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}; again with WEIR_SEED=${seed}`);
  const random = randomOf(seed);
  const folder = Deno.makeTempDirSync();
  try {
    let acknowledged = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const calls = 1 + Math.floor(random() * 12);
      acknowledged = await runAndKill(folder, seed + round, calls);
      await check(folder, acknowledged);
    }
    console.log(`${ROUNDS} kills, ${acknowledged / LINE_BYTES} lines acknowledged`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
