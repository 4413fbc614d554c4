/**
 * Ten times more matching files than may be open: all lines come once, and no more files are ever open than may be.
 * `WEIR_FILES=10000` plays it with ten thousand files and a thousand handles.
 */
import assert from "node:assert/strict";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { TailSite } from "./tail_site.ts";

const FILES = Number(Deno.env.get("WEIR_FILES") ?? 2000), OPEN_MAX = FILES / 10;
/** Of a look at a name while a file is opened, and of a parked one that a new one is compared with. */
const PASSING = 8;

/** Files under this folder that this process has open: a read on another thread has a second handle for its time. */
function openIn(folder: string): number {
  const found = new Set<string>();
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const target = Deno.readLinkSync(`/proc/self/fd/${name}`);
      if (target.startsWith(folder)) found.add(target);
    } catch {
      // closed meanwhile
    }
  }
  return found.size;
}

Deno.test("TailSet reads ten times more files than may be open, each line once", async () => {
  await using folder = await tempDir("weir-many-");
  await using state = await tempDir("weir-many-state-");
  for (let i = 0; i < FILES; i++) Deno.writeTextFileSync(folder.join(`${i}.log`), `line of ${i}\n`);
  const site = new TailSite({
    root: folder.path,
    state: state.path,
    paths: [folder.join("*.log")],
    openMax: OPEN_MAX,
    sweepMs: 10_000,
  });
  const starting = site.start();
  let most = 0;
  const read = (count: number) =>
    waitFor(`${count} lines`, () => {
      most = Math.max(most, openIn(folder.path));
      return site.lines.length >= count;
    }, { timeoutMs: 120_000, everyMs: 100, detail: () => `${site.lines.length} came` });
  try {
    await read(FILES);
    await starting;
    for (let i = 0; i < FILES; i += 100) {
      Deno.writeTextFileSync(folder.join(`${i}.log`), `more of ${i}\n`, { append: true });
    }
    await read(FILES + FILES / 100);
    const texts = site.lines.map(({ text }) => text);
    assert.equal(texts.length, FILES + FILES / 100);
    assert.equal(new Set(texts).size, texts.length, "each once");
    console.log(`${FILES} files, at most ${most} files open`);
    assert(most <= OPEN_MAX + PASSING, `${most} files were open at once`);
  } finally {
    await site.stop();
  }
});
