/** The disk of the state folder is full: said aloud, what is noted is shipped on, nothing is lost or comes twice. */
import assert from "node:assert/strict";
import { assertAllThere, numberedLine } from "../support/numbered.ts";
import { SmallDisk } from "../support/small_disk.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { TailSite } from "./tail_site.ts";

const TOTAL = 3000;

if (Deno.uid() !== 0) console.log("skipped: a small disk is mounted as root alone");

Deno.test({
  name:
    "TailSet with a full state folder: known files go on, new ones wait, nothing is lost or doubled",
  ignore: Deno.uid() !== 0,
  fn: full,
});

async function full(): Promise<void> {
  await using folder = await tempDir("weir-full-");
  await using disk = await SmallDisk.open(256 << 10);
  let next = 1;
  const write = (name: string, to: number) => {
    let text = "";
    for (; next <= to; next++) text += `${numberedLine("n", next, TOTAL)}\n`;
    Deno.writeTextFileSync(folder.join(name), text, { append: true });
  };
  const site = new TailSite({
    root: folder.path,
    state: disk.join("state"),
    paths: [folder.join("*.log")],
  });
  write("a.log", 1000);
  await site.start();
  try {
    await waitFor("the first lines", () => site.lines.length === 1000);
    await site.set.save();
    fillUp(disk);
    await assert.rejects(site.set.save(), { code: "DISK_FULL" });
    assert.match(
      site.checkpoint.lastError?.message ?? "",
      /No space/i,
      "said, and so it is not ready",
    );
    write("a.log", 1500);
    await waitFor("lines of the known file", () => site.lines.length === 1500);
    write("new.log", 2000);
    await waitFor(
      "the fault told of the new file",
      () =>
        site.set.problems.some(({ code, path }) =>
          code === "DISK_FULL" && path.endsWith("new.log")
        ),
    );
    assert.equal(site.lines.length, 1500, "nothing that is not noted is sent");
    await site.kill(); // with the checkpoint of before
    write("a.log", 2500);
    await site.start();
    await waitFor("the known file", () => site.indexed().length === 2000);
    disk.empty();
    write("a.log", TOTAL);
    await site.quiet();
    await site.set.save();
    assert.equal(site.checkpoint.lastError, undefined);
    const texts = site.indexed();
    const inOrder = texts.sort((a, b) => Number(a.split(" ")[1]) - Number(b.split(" ")[1]));
    assertAllThere(inOrder, "n", TOTAL);
  } finally {
    await site.stop();
  }
}

/** Takes all there is. */
function fillUp(disk: SmallDisk): void {
  const file = Deno.openSync(disk.join("ballast"), { write: true, create: true });
  try {
    for (const bytes of [new Uint8Array(4096), new Uint8Array(1)]) {
      while (file.writeSync(bytes) > 0);
    }
  } catch {
    // full
  } finally {
    file.close();
  }
}
