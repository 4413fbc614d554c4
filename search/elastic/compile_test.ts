import assert from "node:assert/strict";
import { parseQuery } from "../query/parse.ts";
import { isExact } from "./bounds.ts";
import { compileQuery } from "./compile.ts";
import type { Values } from "./fields.ts";

const upper = async (text: string, values?: Values) =>
  (await compileQuery(parseQuery(text), values)).upper;
const message = (kind: string, value: string) => ({ [kind]: { message: { value } } });

Deno.test("compileQuery() asks for what the standard analyzer makes of a text", async () => {
  assert.deepEqual(await upper('"eset by pee"'), {
    bool: {
      filter: [
        { wildcard: { message: { value: "*eset" } } },
        message("term", "by"),
        message("prefix", "pee"),
      ],
    },
  });
  assert.deepEqual(await upper('" connection reset "'), {
    match_phrase: { message: { query: "connection reset" } },
  });
  assert.deepEqual(await upper('"imeou"'), message("wildcard", "*imeou*"));
  assert.deepEqual(await upper('"->"'), { match_all: {} });
});

Deno.test("compileQuery() is exact where Elasticsearch's answer is ours", async () => {
  const exact = async (text: string) => isExact(await compileQuery(parseQuery(text)));
  for (
    const text of ['"imeou"', "level:error", "status:503", "topic:a", "log.offset:>5", "host:web*"]
  ) {
    assert.equal(await exact(text) || text.startsWith("status"), true, text);
  }
  for (const text of ['"reset by"', "10.0.0.1/24", "/a+b/", "超时", "host:/web/"]) {
    assert.equal(await exact(text), false, text);
  }
});

Deno.test("compileQuery() sends no text of a query that could be read as more than a text", async () => {
  const nasty = 'a*b?c\\d"e{f}[g](h)|i.+~<>@#&^$ _exists_:x OR *:*';
  const bounds = await compileQuery({ kind: "phrase", text: nasty });
  assert.deepEqual(
    new Set(JSON.stringify(bounds).match(/"(query_string|simple_query_string|match\w*|script)"/g)),
    new Set(['"match_none"', '"match_phrase"']),
  );
  assert.deepEqual(await upper('"\\\\*x?"'), message("term", "x"));
  assert.deepEqual(await upper("topic:a?b*c"), {
    wildcard: { topic: { value: "a\\?b*c" } },
  });
});

Deno.test("compileQuery() decides on the values of a field what Elasticsearch cannot", async () => {
  const values: Values = (field) => {
    assert.equal(field, "fields.status");
    return Promise.resolve({ values: ["99", "503", "5e2", "abc"], complete: true });
  };
  const terms = { terms: { "fields.status": ["503", "5e2", "abc"] } };
  assert.deepEqual((await compileQuery(parseQuery("status:>=500"), values)).lower, terms);
  const partly: Values = async (field) => ({ ...await values(field), complete: false });
  const bounds = await compileQuery(parseQuery("status:>=500"), partly);
  assert.deepEqual(bounds.lower, terms);
  assert.match(JSON.stringify(bounds.upper), /"must_not":\[{"terms":{"fields.status":\["99"\]}}\]/);
});

Deno.test("compileQuery() looks at documents where a query is deeper than Elasticsearch takes", async () => {
  const deep = `${"(a OR -(b ".repeat(10)}c${"))".repeat(10)}`;
  const bounds = await compileQuery(parseQuery(deep));
  assert.deepEqual(bounds, { lower: { match_none: {} }, upper: { match_all: {} } });
});
