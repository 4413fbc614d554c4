import assert from "node:assert/strict";
import { expire } from "./expiry.ts";
import { FolderObjects } from "../../core/archive/folder_objects.ts";

Deno.test("expire: deletes whole days beyond the bound, of that topic alone, and no entry", async () => {
  const folder = await Deno.makeTempDir(), store = new FolderObjects(folder);
  try {
    const range = "00000-00000000000000000000-00000000000000000005.parquet";
    const names = [
      `topic=a/day=2026-11-10/${range}`,
      `topic=a/day=2026-11-18/${range}`,
      `topic=a/day=2026-11-19/${range}`,
      `topic=ab/day=2026-11-10/${range}`,
      "topic=a/day=2026-11-10/somebody.else",
      "_weir/a/0/head.json",
      "_weir/a/days/2026-11-19/00001.json",
    ];
    const manifests = ["2026-11-10/00001", "2026-11-10/00002", "2026-11-18/00001"]
      .map((one) => `_weir/a/days/${one}.json`);
    for (const name of [...names, ...manifests]) await store.put(name, new Uint8Array(1));
    assert.equal(await expire(store, "a", 2, Date.UTC(2026, 10, 21, 5)), 2);
    const left: string[] = [];
    for await (const { name } of store.list("")) left.push(name);
    assert.deepEqual(left.sort(), names.slice(2).sort());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
