/** `weir up` on a disk that runs full: it says so, answers on, loses nothing, and goes on by itself. */
import assert from "node:assert/strict";
import { SmallDisk } from "../support/small_disk.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { weir } from "./site.ts";

const MB = 1 << 20, LINES = 400_000;

/** Numbered lines that do not compress away. */
function* lines(): Generator<string> {
  for (let n = 0; n < LINES; n++) {
    const noise = Math.imul(n, 0x9e3779b1).toString(36) + Math.imul(n ^ 0x5bd1e995, 0x85ebca6b);
    yield `2026-11-20T10:00:00.000Z INFO line=${n} noise=${noise}\n`;
  }
}

Deno.test("weir up on a disk that runs full stops taking lines, says so, and goes on when there is room", async () => {
  await using disk = await SmallDisk.open(64 * MB);
  await using dir = await tempDir("weir-cli-");
  const log = dir.join("app.log");
  await Deno.writeTextFile(log, [...lines()].join(""));
  // It leaves 32 MiB of a disk free.
  disk.fill(26 * MB);
  await using program = weir(["up", log, "--listen", "127.0.0.1:0", "--data", disk.join("data")]);
  const [, url] = await program.waitForLine(/Weir is at\s+(http:\S+)/);
  const status = async () => (await (await fetch(`${url}api/status`)).json()).store;
  const count = async () => (await (await fetch(`${url}api/count?q=`)).json()).count;
  const ready = async () => {
    const answer = await fetch(`${url}readyz`);
    return { status: answer.status, text: await answer.text() };
  };
  await waitFor("a full disk", async () => (await status()).intake === "full");
  const stored = await count();
  assert(stored > 0 && stored < LINES, `${stored} lines are stored`);
  const { status: code, text } = await ready();
  assert.equal(code, 503);
  assert.match(text, /store: .*the disk is full/);
  await program.waitForLine(/STORE_FULL/);
  disk.empty();
  await waitFor("all lines", async () => await count() === LINES);
  assert.equal((await status()).intake, "open");
  assert.equal((await ready()).status, 200);
  for (const n of [0, stored - 1, stored, LINES - 1]) {
    const answer = await fetch(`${url}api/count?q=${encodeURIComponent(`"line=${n} "`)}`);
    assert.equal((await answer.json()).count, 1, `line ${n}`);
  }
  assert.equal((await program.stop()).code, 0);
});
