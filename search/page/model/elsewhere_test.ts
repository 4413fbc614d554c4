import assert from "node:assert/strict";
import { type Elsewhere, grafanaLink, kibanaLink } from "./elsewhere.ts";

const THERE: Elsewhere = {
  kibana: "https://kibana.example.com/base/",
  dataView: "weir-logs",
  grafana: "http://127.0.0.1:3000",
  dataSource: "weir-elasticsearch",
};
const CLOCK = { nowMs: Date.UTC(2026, 10, 21, 12), zone: "Asia/Shanghai" };

Deno.test("Kibana's link has the query, the span and the data view, as Discover writes them", () => {
  const link = kibanaLink(THERE, { q: `it's! level:error`, since: "-6h", until: "" }, CLOCK)!;
  assert.equal(link.whole, true);
  const [page, values] = link.href.split("#/?");
  assert.equal(page, "https://kibana.example.com/base/app/discover");
  const state = new URLSearchParams(values);
  assert.equal(state.get("_g"), "(time:(from:'now-6h',to:'now'))");
  assert.equal(
    state.get("_a"),
    "(columns:!(log.level,host.name,log.file.path,message)," +
      "dataSource:(dataViewId:'weir-logs',type:dataView),query:(language:lucene," +
      `query:'(message:"it!'s!!" AND log.level:"error")'),sort:!(!('@timestamp',desc)))`,
  );
});

Deno.test("times are read by the zone that the page shows, and all of time begins in 1970", () => {
  const at = (since: string, until: string) =>
    new URLSearchParams(kibanaLink(THERE, { q: "", since, until }, CLOCK)!.href.split("#/?")[1])
      .get("_g");
  assert.equal(
    at("2026-11-21 10:00", "2026-11-21T04:00:00Z"),
    "(time:(from:'2026-11-21T02:00:00.000Z',to:'2026-11-21T04:00:00.000Z'))",
  );
  assert.equal(at("", ""), "(time:(from:'1970-01-01T00:00:00.000Z',to:'now'))");
});

Deno.test("Grafana's link has the query, the range and the data source, as Explore writes them", () => {
  const question = { q: "timeout /x y/", since: "2026-11-21T02:00:00Z", until: "" };
  const link = grafanaLink(THERE, question, CLOCK)!;
  assert.equal(link.whole, false);
  const url = new URL(link.href);
  assert.equal(url.origin + url.pathname, "http://127.0.0.1:3000/explore");
  assert.equal(url.searchParams.get("schemaVersion"), "1");
  const { weir } = JSON.parse(url.searchParams.get("panes")!);
  assert.equal(weir.datasource, "weir-elasticsearch");
  assert.deepEqual(weir.range, { from: String(Date.UTC(2026, 10, 21, 2)), to: "now" });
  assert.equal(weir.queries[0].query, 'message:"timeout"');
  assert.deepEqual(weir.queries[0].datasource, {
    type: "elasticsearch",
    uid: "weir-elasticsearch",
  });
});

Deno.test("there is no link to nowhere, and none for a query or time that is wrong", () => {
  const nowhere = { ...THERE, kibana: "", grafana: "" };
  for (const make of [kibanaLink, grafanaLink]) {
    assert.equal(make(nowhere, { q: "", since: "", until: "" }, CLOCK), undefined);
    assert.equal(make(THERE, { q: "(", since: "", until: "" }, CLOCK), undefined);
    assert.equal(make(THERE, { q: "", since: "soon", until: "" }, CLOCK), undefined);
  }
});
