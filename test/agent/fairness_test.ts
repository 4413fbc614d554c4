/** A file that is written as fast as can be, 99 quiet ones: no quiet line waits for more than a few chunks. */
import assert from "node:assert/strict";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import { linesOf } from "../../core/ports/memory_line_sink.ts";
import { startProgram } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { TailSite } from "./tail_site.ts";

const QUIET = 99, LINES_MIN = 30;
/** Bytes of the busy file, which is written while it is read. */
const BUSY_BYTES = 400 << 20;
/** Chunks of the busy file that may be sent between a quiet line's writing and its sending. */
const CHUNKS_MAX = 64;

/** Counts the busy file's chunks, and keeps at which of them each quiet line came. */
class FairSink implements LineSink {
  readonly guarantee = "memory";
  chunks = 0;
  readonly came = new Map<string, number>();

  async send(chunk: LineChunk): Promise<void> {
    if (chunk.path.endsWith("busy.log")) this.chunks++;
    else for (const { text } of linesOf(chunk)) this.came.set(text, this.chunks);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  position(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

Deno.test("TailSet: one file at full speed does not starve 99 quiet ones", async () => {
  await using folder = await tempDir("weir-fair-");
  const quiet = Array.from({ length: QUIET }, (_, i) => folder.join(`quiet${i}.log`));
  for (const path of quiet) await Deno.writeTextFile(path, `first of ${path}\n`);
  const sink = new FairSink();
  const site = new TailSite({
    root: folder.path,
    state: folder.join("state"),
    paths: [folder.join("*.log")],
    sink,
  });
  await site.start();
  const line = "x".repeat(199);
  const writer = startProgram("sh", [
    "-c",
    `yes ${line} | head -c ${BUSY_BYTES} > ${folder.join("busy.log")}`,
  ]);
  try {
    await waitFor("the busy file", () => sink.chunks > 4 && sink.came.size === QUIET);
    const written = new Map<string, number>();
    const total = BUSY_BYTES / (1 << 20);
    for (let n = 0; sink.chunks < total - CHUNKS_MAX; n++) {
      const text = `line ${n}`;
      await Deno.writeTextFile(quiet[n % QUIET], `${text}\n`, { append: true });
      written.set(text, sink.chunks);
      await waitFor(text, () => sink.came.has(text), { everyMs: 1 });
    }
    const gaps = [...written].map(([text, at]) => sink.came.get(text)! - at);
    console.log(
      `${gaps.length} quiet lines, at most ${Math.max(...gaps)} of ${sink.chunks} chunks between`,
    );
    assert(gaps.length >= LINES_MIN, `only ${gaps.length} lines while the busy file was read`);
    assert(Math.max(...gaps) <= CHUNKS_MAX, `${Math.max(...gaps)} chunks`);
  } finally {
    await writer.stop();
    await site.stop();
  }
});
