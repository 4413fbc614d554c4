import assert from "node:assert/strict";
import { FolderObjects } from "./folder_objects.ts";
import { isObjectName } from "./objects.ts";
import { objectsConformance } from "./objects_conformance.ts";

objectsConformance("folder", async () => {
  const folder = await Deno.makeTempDir();
  return {
    store: new FolderObjects(`${folder}/archive`),
    remove: () => Deno.remove(folder, { recursive: true }),
  };
});

Deno.test("names that would leave the folder are none", async () => {
  for (const name of ["", "/a", "a//b", "../a", "a/../b", "a/.", "a b", "a\\b", "a\0"]) {
    assert.equal(isObjectName(name), false, name);
    await assert.rejects(new FolderObjects("/nowhere").get(name));
  }
});
