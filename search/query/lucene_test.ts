import assert from "node:assert/strict";
import { luceneOf } from "./lucene.ts";
import { parseQuery } from "./parse.ts";

const WHOLE: Readonly<Record<string, string>> = {
  "": "*",
  "timeout refused": '(message:"timeout" AND message:"refused")',
  "10.0.0.1": 'message:"10.0.0.1"',
  "conn*": "message:conn*",
  '"connection reset by \\"peer\\""': 'message:"connection reset by \\"peer\\""',
  "*out": "message:*out*",
  "level:error": 'log.level:"error"',
  "level:>=error": '(log.level:"error" OR log.level:"fatal")',
  "host:(web-1 OR web-2)": '(host.name:"web-1" OR host.name:"web-2")',
  "file:/var/log/*.log": "log.file.path:\\/var\\/log\\/*.log",
  "status:503": 'fields.status:"503"',
  "fields.path:/login": 'fields.path:"/login"',
  "status:5*": "fields.status:5*",
  "user:*": "_exists_:fields.user",
  "log.offset:[100 TO 200}": 'log.offset:["100" TO "200"}',
  "name:>m": 'fields.name:{"m" TO *]',
  "-debug": '(* AND NOT message:"debug")',
  "(a OR b) c": '((message:"a" OR message:"b") AND message:"c")',
  "user:/ab+c/": "fields.user:/.*(ab+c).*/",
  "file:/a\\/b/": "log.file.path:/.*(a\\/b).*/",
};

for (const [query, text] of Object.entries(WHOLE)) {
  Deno.test(`as Lucene: ${query || "nothing"}`, () => {
    assert.deepEqual(luceneOf(parseQuery(query)), { text, whole: true });
  });
}

/** What Lucene cannot say is left out, and never narrows. */
const PARTS: Readonly<Record<string, string>> = {
  "/timed? out/": "*",
  "timeout /timed? out/": 'message:"timeout"',
  "timeout OR /timed? out/": "*",
  "-/timed? out/": "*",
  "timeout -(a /b/)": 'message:"timeout"',
  "status:>=500 level:error": 'log.level:"error"',
  "conn*refused": "*",
  "超时*": "*",
  "user:/^a/": "*",
};

for (const [query, text] of Object.entries(PARTS)) {
  Deno.test(`as Lucene, in part: ${query}`, () => {
    assert.deepEqual(luceneOf(parseQuery(query)), { text, whole: false });
  });
}
