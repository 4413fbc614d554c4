/** logrotate itself, again and again while a program writes: every line that is on disk arrives once. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { countNumbered, numberedLine } from "../support/numbered.ts";
import { run } from "../support/process.ts";
import { needCommand, sayOnStderr } from "../support/real/install.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { TailSite } from "./tail_site.ts";

const ROTATIONS = 6, BATCHES = 30, BATCH = 100;
const TOTAL = ROTATIONS * BATCHES * BATCH;

const MODES: Record<string, string[]> = {
  "create": ["create"],
  "copytruncate": ["copytruncate"],
  "compress, delaycompress": ["create", "compress", "delaycompress"],
  "copytruncate, compress": ["copytruncate", "compress"],
  "dateext": ["create", "dateext", "dateformat -%Y%m%d-%s", "compress"],
};

/** A program that opens its file anew when another one has its name, as a service does that is told of a rotation. */
class Writer {
  readonly #path: string;
  #file: Deno.FsFile;
  #n = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = this.#open();
  }

  #open(): Deno.FsFile {
    return Deno.openSync(this.#path, { append: true, create: true });
  }

  write(): void {
    let text = "";
    for (let i = 0; i < BATCH; i++) text += `${numberedLine("n", ++this.#n, TOTAL)}\n`;
    const bytes = new TextEncoder().encode(text);
    if (this.#file.writeSync(bytes) !== bytes.length) throw new Error("a short write");
  }

  reopen(): void {
    this.#file.close();
    this.#file = this.#open();
  }

  close(): void {
    this.#file.close();
  }
}

/** Every line that stands in a file of the folder. */
function onDisk(folder: string): string[] {
  const texts: string[] = [];
  for (const { name } of Deno.readDirSync(folder)) {
    const bytes = Deno.readFileSync(`${folder}/${name}`);
    const text = new TextDecoder().decode(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
    texts.push(...text.split("\n").slice(0, -1));
  }
  return texts;
}

for (const [name, words] of Object.entries(MODES)) {
  Deno.test(`TailSet under logrotate: ${name}`, async () => {
    const logrotate = await needCommand("logrotate", "logrotate", sayOnStderr);
    // What is written to a file while it is copied or packed is lost by logrotate, where nobody has the file open.
    const losesItself = words.includes("copytruncate") ||
      (words.includes("compress") && !words.includes("delaycompress"));
    let second = 0;
    const newSecond = () =>
      waitFor("a new second", () => {
        const now = Math.floor(Date.now() / 1000);
        return now !== second && (second = now);
      });
    await using folder = await tempDir("weir-logrotate-");
    const logs = folder.join("logs"), path = `${logs}/app.log`, conf = folder.join("conf");
    await Deno.mkdir(logs, { mode: 0o755 });
    await Deno.writeTextFile(conf, `${path} {\n${["rotate 1000", ...words].join("\n")}\n}\n`);
    await Deno.chmod(conf, 0o644);
    const writer = new Writer(path);
    const site = new TailSite({ root: logs, state: folder.join("state"), paths: [`${logs}/*`] });
    await site.start();
    try {
      for (let round = 0; round < ROTATIONS; round++) {
        let rotation = Promise.resolve(""), isOver = false;
        for (let batch = 0; batch < BATCHES; batch++) {
          if (batch === 5) {
            if (words.includes("dateext")) await newSecond(); // it names its files by it
            rotation = run(logrotate, ["-f", "-s", folder.join("rotated"), conf]);
            rotation.then(() => isOver = true, () => isOver = true);
          }
          writer.write();
          await new Promise((resolve) => setTimeout(resolve, 1)); // a turn for the tail and the rotation
        }
        await rotation;
        assert(isOver);
        writer.reopen();
        if (round === ROTATIONS / 2 && !losesItself) { // in the midst of it all the agent is killed and comes back
          await site.kill();
          await site.start();
        }
      }
      await site.quiet();
      const disk = new Set(onDisk(logs)), got = site.indexed();
      const count = countNumbered(got, "n", TOTAL);
      const there = new Set(got), missing = [...disk].filter((text) => !there.has(text)).length;
      // What logrotate itself lost between its copy and its truncation is not on disk; some of it was read before.
      console.log(
        `${name}: ${TOTAL} written, ${
          TOTAL - disk.size
        } lost by logrotate, ${count.lost} not delivered`,
      );
      assert.deepEqual({ missing, doubled: count.doubled, damaged: count.damaged }, {
        missing: 0,
        doubled: 0,
        damaged: 0,
      });
      if (!losesItself) assert.equal(count.lost, 0);
      assert(count.lost <= TOTAL - disk.size);
    } finally {
      writer.close();
      await site.stop();
    }
  });
}
