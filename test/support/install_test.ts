import assert from "node:assert/strict";
import { startProgram } from "./process.ts";
import { tempDir } from "./temp.ts";

const MODULE = JSON.stringify(import.meta.resolve("./real/install.ts"));

/** Runs a script that has cached() and `made`, a file to which each making adds a letter. */
function start(folder: string, script: string) {
  const made = JSON.stringify(`${folder}/made`);
  const code = `import { cached } from ${MODULE};
    const note = () => Deno.writeTextFile(${made}, "x", { append: true });
    ${script}`;
  return startProgram(Deno.execPath(), ["run", "-A", "--no-check", "-"], {
    input: code,
    env: { XDG_CACHE_HOME: folder },
  });
}

Deno.test("cached() makes a folder once, also when two processes ask for it at once", async () => {
  await using folder = await tempDir();
  const script = `
    const path = await cached("thing-1", () => {}, async (path) => {
      await note();
      await Deno.writeTextFile(path + "/part", "whole");
      await new Promise((resolve) => setTimeout(resolve, 300)); // the other one comes meanwhile
    });
    console.log("has", await Deno.readTextFile(path + "/part"));`;
  const both = [start(folder.path, script), start(folder.path, script)];
  for (const one of both) await one.waitForLine(/^has whole$/);
  for (const one of both) assert.equal((await one.exit).code, 0);
  assert.equal(await Deno.readTextFile(folder.join("made")), "x");
  assert((await Deno.stat(folder.join("weir-test/thing-1/.complete"))).isFile);
});

Deno.test("cached() makes a folder again, from nothing, when its making was killed", async () => {
  await using folder = await tempDir();
  const killed = start(
    folder.path,
    `await cached("thing-1", () => {}, async (path) => {
       await Deno.writeTextFile(path + "/half", "");
       console.log("half");
       await new Promise((resolve) => setTimeout(resolve, 60_000));
     });`,
  );
  await killed.waitForLine(/^half$/);
  await killed.kill9();
  const again = start(
    folder.path,
    `const path = await cached("thing-1", () => {}, note);
     console.log("holds", [...Deno.readDirSync(path)].map((entry) => entry.name).join());`,
  );
  await again.waitForLine(/^holds \.complete$/);
  assert.equal((await again.exit).code, 0);
});
