/** What every store of objects promises, as tests over any adapter. */
import assert from "node:assert/strict";
import type { ObjectReader, ObjectStore } from "./objects.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

/** `open` gives an empty store, and how it is taken away. */
export function objectsConformance(
  name: string,
  open: () => Promise<{ store: ObjectStore & ObjectReader; remove: () => Promise<void> }>,
): void {
  const test = (what: string, run: (store: ObjectStore & ObjectReader) => Promise<void>) =>
    Deno.test(`ObjectStore, ${name}: ${what}`, async () => {
      const { store, remove } = await open();
      try {
        await run(store);
      } finally {
        store.close();
        await remove();
      }
    });

  test("what was put is there, and replaced whole", async (store) => {
    assert.equal(await store.get("a/b.json"), undefined);
    await store.put("a/b.json", bytes("one, and longer"));
    assert.equal(text(await store.get("a/b.json")), "one, and longer");
    await store.put("a/b.json", bytes("two"));
    assert.equal(text(await store.get("a/b.json")), "two");
  });

  test("one of all who create an object makes it", async (store) => {
    const made = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        // A store may answer that another attempt is under way.
        for (;;) {
          try {
            return await store.create("topic=a/x", bytes(String(i)));
          } catch (error) {
            if (!/409/.test((error as Error).message)) throw error;
          }
        }
      }),
    );
    assert.equal(made.filter(Boolean).length, 1);
    assert.equal(text(await store.get("topic=a/x")), String(made.indexOf(true)));
    assert.equal(await store.create("topic=a/x", bytes("late")), false);
  });

  test("lists what lies below a folder, and nothing else", async (store) => {
    const names = [
      "topic=a/day=2026-11-21/1",
      "topic=a/day=2026-11-22/2",
      "topic=ab/3",
      "_weir/a/4",
    ];
    for (const name of names) await store.put(name, bytes(name));
    const listed = async (folder: string) => {
      const found: string[] = [];
      for await (const entry of store.list(folder)) {
        assert.equal(entry.bytes, entry.name.length);
        found.push(entry.name);
      }
      return found.sort();
    };
    assert.deepEqual(await listed("topic=a/"), names.slice(0, 2));
    assert.deepEqual(await listed(""), [...names].sort());
    assert.deepEqual(await listed("topic=none/"), []);
    const folders = async (folder: string) => (await Array.fromAsync(store.folders(folder))).sort();
    assert.deepEqual(await folders(""), ["_weir", "topic=a", "topic=ab"]);
    assert.deepEqual(await folders("topic=a/"), ["day=2026-11-21", "day=2026-11-22"]);
    assert.deepEqual(await folders("topic=a/day=2026-11-21/"), []);
    assert.deepEqual(await folders("topic=none/"), []);
  });

  test("a deletion is one, twice is no fault", async (store) => {
    await store.put("a/b", bytes("1"));
    await store.delete("a/b");
    await store.delete("a/b");
    assert.equal(await store.get("a/b"), undefined);
  });

  test("keeps bytes as they are", async (store) => {
    const body = crypto.getRandomValues(new Uint8Array(60_000));
    await store.put("a/b", body);
    assert.deepEqual(await store.get("a/b"), body);
    assert.deepEqual(await store.slice("a/b", 0, 8), body.subarray(0, 8));
    assert.deepEqual(await store.slice("a/b", 59_990, 70_000), body.subarray(59_990));
    assert.deepEqual(await store.slice("a/b", 60_001, 60_009), new Uint8Array());
    assert.equal(await store.slice("a/none", 0, 8), undefined);
  });
}
