/** A mount that is detached and attached again under another device number: nothing comes twice. */
import assert from "node:assert/strict";
import { assertAllThere, numberedLines } from "../support/numbered.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { TailSite } from "./tail_site.ts";

const TOTAL = 3000;

const whyNot = await loopFault();
if (whyNot !== "") console.log(`skipped: ${whyNot}`);

Deno.test({
  name: "TailSet: a loop mount attached again under another device number is known, 0 doubled",
  ignore: whyNot !== "",
  fn: attachedAgain,
});

async function attachedAgain(): Promise<void> {
  await using folder = await tempDir("weir-loop-");
  const image = folder.join("image"), other = folder.join("other"), mount = folder.join("logs");
  const loops: string[] = [];
  const attach = async (file: string) => {
    const device = (await run("losetup", ["--find", "--show", file])).trim();
    loops.push(device);
    return device;
  };
  const detach = async (device: string) => {
    await run("losetup", ["--detach", device]);
    loops.splice(loops.indexOf(device), 1);
  };
  for (const file of [image, other]) await makeImage(file);
  await run("mkfs.ext4", ["-q", image]);
  await Deno.mkdir(mount);
  const path = `${mount}/a.log`;
  const lines = [...numberedLines("n", TOTAL)].map((text) => `${text}\n`);
  const append = (from: number, to: number) =>
    Deno.writeTextFile(path, lines.slice(from, to).join(""), { append: true });
  const site = new TailSite({
    root: mount,
    state: folder.join("state"),
    paths: [`${mount}/*.log`],
  });
  let device = await attach(image);
  await run("mount", [device, mount]);
  try {
    await append(0, 1000);
    await site.start();
    await site.quiet();
    await site.set.save();
    const before = (await Deno.stat(path)).dev;
    await site.stop();
    await append(1000, 2000);
    await run("umount", [mount]);
    await detach(device);
    await attach(other); // takes the number
    device = await attach(image);
    await run("mount", [device, mount]);
    assert.notEqual((await Deno.stat(path)).dev, before, "the device number changed");
    await append(2000, TOTAL);
    await site.start();
    await site.quiet();
    assertAllThere(site.lines.map(({ text }) => text), "n", TOTAL);
    assert.equal(new Set(site.lines.map(({ generation }) => generation)).size, 1);
  } finally {
    await site.stop();
    await run("umount", [mount]).catch(() => {});
    for (const loop of [...loops]) await detach(loop).catch(() => {});
  }
}

/** Why no loop device can be attached here, or nothing. */
async function loopFault(): Promise<string> {
  if (Deno.uid() !== 0) return "loop devices are attached as root alone";
  await using folder = await tempDir("weir-loop-");
  const image = folder.join("image");
  try {
    await makeImage(image);
    const device = (await run("losetup", ["--find", "--show", image])).trim();
    await run("losetup", ["--detach", device]);
    return "";
  } catch (error) {
    return `no loop device: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  }
}

async function makeImage(path: string): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(0));
  await Deno.truncate(path, 8 << 20);
}
