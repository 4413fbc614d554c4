import assert from "node:assert/strict";
import { NumberedFiles, type ReadLine } from "./numbered_files.ts";

Deno.test("NumberedFiles counts what is lost, doubled, damaged and out of order", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const files = new NumberedFiles(folder, 2, 150);
    files.write(1000);
    assert.equal(files.written, 1000);
    assert.equal(files.rotations, 6);
    const found: ReadLine[] = [];
    for (const { name } of Deno.readDirSync(folder)) {
      let offset = 0;
      for (const text of Deno.readTextFileSync(`${folder}/${name}`).split("\n").slice(0, -1)) {
        found.push({ text, generation: name, offset: offset++ });
      }
    }
    const none = { lost: 0, doubled: 0, reordered: 0, damaged: 0 };
    assert.deepEqual(files.tally(found), none);
    assert.deepEqual(files.tally(found.slice(3)), { ...none, lost: 3 });
    assert.deepEqual(files.tally([...found, found[5]]), { ...none, doubled: 1 });
    assert.deepEqual(files.tally([...found, { ...found[0], text: "?" }]), { ...none, damaged: 1 });
    const turned = found.map((one) => ({ ...one, offset: -one.offset }));
    assert(files.tally(turned).reordered > 500);
    files.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
