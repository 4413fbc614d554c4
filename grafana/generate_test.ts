import assert from "node:assert/strict";
import { DASHBOARDS, generated } from "./generate.ts";
import { buildDashboard } from "./panels.ts";

const ROOT = new URL("../", import.meta.url);

Deno.test("the committed files are what the generator writes", async () => {
  for (const [path, content] of generated()) {
    const committed = await Deno.readTextFile(new URL(path, ROOT));
    assert.equal(committed, content, `${path} is out of date; run: npm run generate`);
  }
});

Deno.test("no file lies in grafana/dashboards that the generator does not write", () => {
  const paths = [...generated().keys()];
  for (const entry of Deno.readDirSync(new URL("grafana/dashboards/", ROOT))) {
    assert(paths.includes(`grafana/dashboards/${entry.name}`), entry.name);
  }
});

Deno.test("dashboards have uids of their own, and panels that do not overlap", () => {
  const uids = DASHBOARDS.map((spec) => spec.uid);
  assert.equal(new Set(uids).size, uids.length);
  for (const spec of DASHBOARDS) {
    const { panels } = buildDashboard(spec);
    const taken = new Map<string, string>();
    for (const panel of panels ?? []) {
      const { x, y, w, h } = panel.gridPos!;
      assert(x + w <= 24, `${panel.title} is too wide`);
      for (let row = y; row < y + h; row++) {
        for (let column = x; column < x + w; column++) {
          const other = taken.get(`${row}:${column}`);
          assert.equal(other, undefined, `${spec.title}: ${panel.title} overlaps ${other}`);
          taken.set(`${row}:${column}`, panel.title ?? "");
        }
      }
    }
  }
});

Deno.test("every panel says what it shows: title, unit, and a query by the data source's variable", () => {
  for (const spec of DASHBOARDS) {
    for (const panel of spec.rows.flatMap((row) => row.panels)) {
      assert.notEqual(panel.title, "");
      assert.notEqual(panel.unit, "", panel.title);
      assert(panel.queries.length > 0, panel.title);
      assert.equal(new Set(panel.queries.map((query) => query.text)).size, panel.queries.length);
    }
  }
});
