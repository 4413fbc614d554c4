/**
 * What the links to Kibana and Grafana ask, put to a real Elasticsearch as those programs put it (`query_string`): it
 * finds the lines that fit here, and no other where the whole query could be said.
 */
import assert from "node:assert/strict";
import { MemoryDocumentStore } from "../support/memory_document_store.ts";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import { luceneOf } from "../../search/query/lucene.ts";
import { parseQuery } from "../../search/query/parse.ts";
import { allOf, elastic, Indices, MirrorWriter } from "./indexed.ts";

const LINES = [
  "2026-11-21T08:00:00Z INFO started on 10.0.0.1 user=ann status=200",
  "2026-11-21T08:00:01Z ERROR connection refused: connection reset by peer user=bob status=503",
  "2026-11-21T08:00:02Z WARN connection timeout after 30 ms user=abbc status=504",
  "2026-11-21T08:00:03Z FATAL disk full at /var/lib/a:b (50%) \\o/",
  "2026-11-21T08:00:04Z DEBUG reconnected user=ann status=9 path=/login?x=1",
  '{"time":"2026-11-21T08:00:05Z","level":"error","message":"odd","user":"a b","code":"x+y=z"}',
];
const QUERIES = [
  "",
  "connection",
  "connection refused",
  "conn*",
  '"connection reset by peer"',
  "*connect*",
  "10.0.0.1",
  "level:error",
  "level:>=error",
  "level:(debug OR warn)",
  "-connection",
  "connection -timeout",
  "(refused OR full) -user:bob",
  "NOT (connection OR full)",
  "user:ann",
  'user:"a b"',
  "user:a*",
  "user:*",
  "-user:*",
  "user:/ab+c/",
  "code:x+y=z",
  "path:/login?x=1",
  "host:web-1",
  "file:/var/log/*.log",
  "user:[a TO b]",
  "log.offset:>100",
  "@timestamp:>=2026-11-21T08:00:03Z",
  "status:>=500",
  "level:error /reset by \\w+/",
  "connection -(refused /x y/)",
];

Deno.test("Kibana and Grafana find what fits here, and no more where all of it can be said", async () => {
  const indices = new Indices();
  const reader = await indices.reader();
  try {
    const index = await indices.make("lines");
    const writer = new MirrorWriter(new MemoryDocumentStore(), indices, index);
    let offset = 0;
    await writer.write(LINES.map((line) => {
      const file = { generation: "AAAAAAAAAAAAAAAA", host: "web-1", path: "/var/log/a.log" };
      const record = recordOf("shop", line, offset, file);
      offset += record.length;
      return record;
    }));
    await indices.refresh();
    let some = 0;
    for (const text of QUERIES) {
      const query = parseQuery(text), lucene = luceneOf(query);
      const here = (await allOf(reader, query)).map(({ _id }) => _id).sort();
      const body = { query: { query_string: { query: lucene.text, analyze_wildcard: true } } };
      const { hits } = await elastic("POST", `/${index}/_search?size=100`, body);
      const there: string[] = hits.hits.map(({ _id }: { _id: string }) => _id).sort();
      if (lucene.whole) assert.deepEqual(there, here, `${text} as ${lucene.text}`);
      else {
        for (const id of here) assert.ok(there.includes(id), `${text} as ${lucene.text}: ${id}`);
      }
      if (here.length > 0 && here.length < LINES.length) some++;
    }
    console.log(`${QUERIES.length} queries, ${some} of which choose among the lines`);
    assert.ok(some >= 20);
  } finally {
    await reader.close();
    await indices.remove();
  }
});
