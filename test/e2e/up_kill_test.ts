/**
 * `weir up` as executable, killed with SIGKILL again and again while two files grow: one is rotated by rename, one by
 * copytruncate. Every line is there once.
 */
import assert from "node:assert/strict";
import { distFolder } from "../support/dist.ts";
import { countNumbered, numberedLine } from "../support/numbered.ts";
import { type Program, startProgram } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const KILLS = Number(Deno.env.get("WEIR_KILLS") ?? 7);
/** Lines of each file that are written between two kills, so that there is load at each. */
const PER_KILL = 12_000;
const TOTAL = PER_KILL * KILLS;
const BURST = 250, PER_FILE = 7000;

/** Writes numbered lines until all are written, and rotates; each call writes a burst. */
class Writer {
  written = 0;
  #inFile = 0;
  #rotations = 0;

  constructor(readonly name: string, readonly folder: string, readonly kind: "rename" | "copy") {}

  get done(): boolean {
    return this.written === TOTAL;
  }

  burst(): void {
    const path = `${this.folder}/${this.name}.log`;
    let text = "";
    for (let i = 0; i < BURST && !this.done; i++) {
      text += numberedLine(this.name, ++this.written, TOTAL) + "\n";
    }
    Deno.writeTextFileSync(path, text, { append: true });
    this.#inFile += BURST;
    if (this.#inFile < PER_FILE) return;
    this.#inFile = 0;
    const rotated = `${path}.${++this.#rotations}`;
    if (this.kind === "rename") Deno.renameSync(path, rotated);
    else {
      Deno.copyFileSync(path, rotated);
      Deno.truncateSync(path, 0);
    }
  }
}

function start(folder: TempDir): Program {
  const dist = distFolder("npm test -- e2e");
  const options = ["--listen", "127.0.0.1:0", "--data", folder.join("data")];
  return startProgram(`${dist}/weir`, ["up", ...options, folder.join("logs")]);
}

async function urlOf(program: Program): Promise<string> {
  return (await program.waitForLine(/Weir is at\s+(http:\S+)/))[1];
}

async function count(url: string): Promise<number> {
  return (await (await fetch(`${url}api/count?q=`)).json()).count;
}

/** All messages of one writer, a piece at a time. */
async function texts(url: string, name: string): Promise<string[]> {
  const answer = await fetch(`${url}api/export?q=${encodeURIComponent(`${name}`)}&order=oldest`);
  const found: string[] = [];
  for (const line of (await answer.text()).split("\n")) {
    if (line !== "") found.push(JSON.parse(line).message);
  }
  return found;
}

Deno.test(`weir up, executable: ${KILLS} kills under load, rotation by rename and by copytruncate: 0 lost, 0 doubled`, async () => {
  await using folder = await tempDir("weir-up-");
  Deno.mkdirSync(folder.join("logs"));
  const writers = [
    new Writer("renamed", folder.join("logs"), "rename"),
    new Writer("copied", folder.join("logs"), "copy"),
  ];
  const ending = new AbortController();
  let round = 0;
  const writing = (async () => {
    while (!ending.signal.aborted && writers.some((writer) => !writer.done)) {
      for (const writer of writers) {
        if (writer.written < round * PER_KILL) writer.burst();
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  try {
    while (round < KILLS) {
      const program = start(folder);
      const url = await urlOf(program);
      round++;
      const before = await count(url);
      await waitFor("more lines", async () => await count(url) > before);
      await program.kill9();
    }
    await writing;
  } finally {
    ending.abort();
  }
  await using program = start(folder);
  const url = await urlOf(program);
  await waitFor("all lines", async () => await count(url) >= 2 * TOTAL, { timeoutMs: 60_000 });
  for (const { name } of writers) {
    const { lost, doubled, damaged, foreign } = countNumbered(await texts(url, name), name, TOTAL);
    assert.deepEqual({ name, lost, doubled, damaged, foreign }, {
      name,
      lost: 0,
      doubled: 0,
      damaged: 0,
      foreign: 0,
    });
  }
  assert.equal((await program.stop()).code, 0);
});
