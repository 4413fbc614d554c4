import assert from "node:assert/strict";
import { objectsNdjson, type SavedObject } from "./objects.ts";

const objects: SavedObject[] = objectsNdjson().trimEnd().split("\n").map((line) =>
  JSON.parse(line)
);

Deno.test("Kibana: ids are unique and every reference is to an object of the file, of that type", () => {
  const byId = new Map(objects.map((object) => [object.id, object]));
  assert.equal(byId.size, objects.length);
  for (const { id, references } of objects) {
    for (const reference of references) {
      assert.equal(byId.get(reference.id)?.type, reference.type, `${id} → ${reference.id}`);
    }
  }
});

Deno.test("Kibana: text that is JSON can be read, and names only references that the object has", () => {
  let read = 0;
  for (const { attributes, references } of objects) {
    const names = references.map(({ name }) => name);
    const meta = attributes.kibanaSavedObjectMeta as { searchSourceJSON: string } | undefined;
    for (const text of [meta?.searchSourceJSON, attributes.panelsJSON, attributes.optionsJSON]) {
      if (typeof text !== "string") continue;
      const value = JSON.parse(text);
      read++;
      if (value.indexRefName !== undefined) assert.ok(names.includes(value.indexRefName));
      for (const panel of Array.isArray(value) ? value : []) {
        assert.ok(names.includes(`${panel.panelIndex}:${panel.panelRefName}`));
      }
    }
  }
  assert.ok(read > 5, `${read} texts`);
});

Deno.test("Kibana: panels of a dashboard do not lie over one another", () => {
  for (const { id, attributes } of objects.filter(({ type }) => type === "dashboard")) {
    const taken = new Set<string>();
    for (const { gridData } of JSON.parse(attributes.panelsJSON as string)) {
      assert.ok(gridData.x + gridData.w <= 48, `${id}: within 48 columns`);
      for (let x = gridData.x; x < gridData.x + gridData.w; x++) {
        for (let y = gridData.y; y < gridData.y + gridData.h; y++) {
          assert.ok(!taken.has(`${x},${y}`), `${id}: ${x},${y} is taken twice`);
          taken.add(`${x},${y}`);
        }
      }
    }
  }
});

Deno.test("Kibana: every column that a Lens panel shows is one of its layer", () => {
  // deno-lint-ignore no-explicit-any
  for (const { attributes } of objects.filter(({ type }) => type === "lens") as any[]) {
    const { datasourceStates, visualization } = attributes.state;
    for (const [id, layer] of Object.entries<any>(datasourceStates.formBased.layers)) {
      assert.deepEqual(Object.keys(layer.columns), layer.columnOrder);
      const shown = visualization.columns?.map((column: { columnId: string }) => column.columnId) ??
        visualization.layers.flatMap((one: any) =>
          [one.xAccessor, ...one.accessors, one.splitAccessor].filter(Boolean)
        );
      assert.equal(visualization.layerId ?? visualization.layers[0].layerId, id);
      for (const column of shown) assert.ok(column in layer.columns, column);
    }
  }
});
