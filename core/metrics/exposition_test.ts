import assert from "node:assert/strict";
import { Counter, Gauge, Histogram, Registry } from "./registry.ts";
import { Exposition, label, labels } from "./exposition.ts";

Deno.test("Exposition writes families, labels and numbers in the text format", () => {
  const out = new Exposition(false, 100);
  out.family("a_total", "counter", "Back\\slash and\nline.");
  out.sample(labels({ x: 'quo"te', y: "back\\slash\nline" }), 1.5);
  out.sample("", Infinity);
  out.sample("", NaN);
  out.single("b", "untyped", "B.", 2e21);
  out.single("c", "gauge", "C.", undefined);
  assert.equal(
    out.text(),
    "# HELP a_total Back\\\\slash and\\nline.\n# TYPE a_total counter\n" +
      'a_total{x="quo\\"te",y="back\\\\slash\\nline"} 1.5\na_total +Inf\n' +
      "# HELP b B.\n# TYPE b untyped\nb 2e+21\n",
  );
});

Deno.test("Exposition names counters without _total in OpenMetrics, and ends with EOF", () => {
  const out = new Exposition(true, 100);
  out.family("a_total", "counter", "A.");
  out.sample(label("x", "1"), 5);
  out.single("b", "untyped", "B.", 6);
  assert.equal(
    out.text(),
    '# HELP a A.\n# TYPE a counter\na_total{x="1"} 5\n# HELP b B.\n# TYPE b unknown\nb 6\n# EOF\n',
  );
});

Deno.test("Exposition leaves out and counts what is beyond the bound", () => {
  const out = new Exposition(false, 2);
  out.family("a", "gauge", "A.");
  for (let i = 0; i < 5; i++) out.sample(label("i", String(i)), i);
  assert.deepEqual([out.series, out.dropped], [2, 3]);
  assert.match(out.text(), /a\{i="1"\} 1\n$/);
});

Deno.test("Exposition.registry() writes what prom-client holds, the same at every call", async () => {
  const registry = new Registry();
  new Counter({ name: "c_total", help: "C.", labelNames: ["k"], registers: [registry] }).inc({
    k: "v",
  }, 3);
  new Gauge({ name: "g", help: "G.", registers: [registry] }).set(7);
  new Histogram({ name: "h", help: "H.", buckets: [1, 2], registers: [registry] }).observe(1.5);
  const page = async (openMetrics: boolean) => {
    const out = new Exposition(openMetrics, 100);
    await out.registry(registry);
    return out.text();
  };
  const expected = '# HELP c_total C.\n# TYPE c_total counter\nc_total{k="v"} 3\n' +
    "# HELP g G.\n# TYPE g gauge\ng 7\n# HELP h H.\n# TYPE h histogram\n" +
    'h_bucket{le="1"} 0\nh_bucket{le="2"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1.5\nh_count 1\n';
  assert.equal(await page(false), expected);
  assert.match(await page(true), /# TYPE c counter\nc_total\{k="v"\} 3\n/);
  assert.equal(await page(false), expected);
});
