/** Files as a host has them: odd names, trees that come and go, links that are switched, offsets beyond four GiB. */
import assert from "node:assert/strict";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { TailSite, type TailSiteOptions } from "./tail_site.ts";

/** Runs `work` on a tail of a folder of its own. */
async function withSite(
  options: (folder: string) => Pick<TailSiteOptions, "paths"> & Partial<TailSiteOptions>,
  work: (site: TailSite, folder: string) => Promise<void>,
): Promise<void> {
  await using folder = await tempDir("weir-files-");
  await using state = await tempDir("weir-files-state-");
  const site = new TailSite({ root: folder.path, state: state.path, ...options(folder.path) });
  await site.start();
  try {
    await work(site, folder.path);
  } finally {
    await site.stop();
  }
}

const append = (path: string, text: string) => Deno.writeTextFile(path, text, { append: true });

/** Waits until this many lines came, and fails where one comes twice. */
async function lines(site: TailSite, count: number): Promise<string[]> {
  await waitFor(`${count} lines`, () => site.lines.length >= count, { timeoutMs: 60_000 });
  const texts = site.lines.map(({ text }) => text);
  assert.equal(texts.length, count);
  assert.equal(new Set(texts).size, count);
  return texts.sort();
}

Deno.test("TailSet reads paths with spaces, commas, brackets and letters of any script", () =>
  withSite((folder) => ({ paths: [`${folder}/**/*.log`] }), async (site, folder) => {
    const names = ["a b.log", "x,y.log", "日志.log", "naïve é.log", "emoji 🚿.log", "q[1]{2}.log"];
    const directory = `${folder}/my app, 目录`;
    await Deno.mkdir(directory);
    const paths = [folder, directory].flatMap((dir) => names.map((name) => `${dir}/${name}`));
    for (const path of paths) await append(path, `one of ${path}\n`);
    await lines(site, paths.length);
    for (const path of paths) await append(path, `two of ${path}\n`);
    await lines(site, 2 * paths.length);
    assert.deepEqual(new Set(site.lines.map(({ path }) => path)), new Set(paths));
    for (const { text, path } of site.lines) assert.equal(text.slice("one of ".length), path);
  }));

Deno.test("TailSet goes on where a tree is filled, removed and made again", () =>
  withSite((folder) => ({ paths: [`${folder}/**/*.log`] }), async (site, folder) => {
    for (let round = 1; round <= 3; round++) {
      await Deno.mkdir(`${folder}/app/deep/er`, { recursive: true });
      for (const place of ["app", "app/deep", "app/deep/er"]) {
        await append(`${folder}/${place}/x.log`, `round ${round} in ${place}\n`);
      }
      await lines(site, 3 * round);
      await Deno.remove(`${folder}/app`, { recursive: true });
    }
  }));

Deno.test("TailSet follows a link that is switched to another file, and reads both once", () =>
  withSite((folder) => ({ paths: [`${folder}/current.log`] }), async (site, folder) => {
    const switchTo = async (target: string) => {
      await Deno.symlink(target, `${folder}/next`);
      await Deno.rename(`${folder}/next`, `${folder}/current.log`);
    };
    await append(`${folder}/v1`, "1 in the first\n");
    await append(`${folder}/v2`, "1 in the second\n");
    await switchTo(`${folder}/v1`);
    await lines(site, 1);
    await append(`${folder}/v1`, "2 in the first\n");
    await lines(site, 2);
    await switchTo(`${folder}/v2`);
    await lines(site, 3);
    await append(`${folder}/v1`, "late in the first\n");
    await append(`${folder}/v2`, "2 in the second\n");
    await lines(site, 5);
    await switchTo(`${folder}/v1`); // back: what was read of it is known
    await append(`${folder}/v1`, "last in the first\n");
    await lines(site, 6);
  }));

Deno.test("TailSet reads beyond two and four GiB, and goes on there after a restart", async () => {
  await using folder = await tempDir("weir-large-");
  await using state = await tempDir("weir-large-state-");
  const path = folder.join("large.log");
  for (const size of [2 ** 31 - 4, 2 ** 32 - 4]) {
    await Deno.writeTextFile(path, "begin\n");
    await Deno.truncate(path, size); // a hole: it takes no room
    await append(path, "\n");
    const site = new TailSite({
      root: folder.path,
      state: `${state.path}/${size}`,
      paths: [path],
      from: "end",
    });
    await site.start();
    await append(path, "1 over the edge\n2 behind it\n");
    await lines(site, 2);
    await site.stop();
    await append(path, "3 while no agent ran\n");
    await site.start();
    await append(path, "4\n");
    await lines(site, 4);
    await site.stop();
    const places = site.lines.map(({ start, end }) => [start - size - 1, end - size - 1]);
    assert.deepEqual(places, [[0, 16], [16, 28], [28, 49], [49, 51]]);
    assert.equal(new Set(site.lines.map(({ generation }) => generation)).size, 1);
  }
});
