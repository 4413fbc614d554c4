import assert from "node:assert/strict";
import type { Document } from "../../core/ports/document_store.ts";
import { csvRow, jsonLine, textLine } from "./render.ts";

const document: Document = {
  _id: "AAAAAAAAAAAAAAAA:0-9",
  "@timestamp": "2026-11-21T10:00:00.000Z",
  message: '=cmd|x "quoted", two\nlines',
  topic: "app",
  "host.name": "web-1",
  "log.file.path": "/var/log/a.log",
  "log.file.generation": "AAAAAAAAAAAAAAAA",
  "log.offset": 0,
  "log.length": 9,
  "event.created": "2026-11-21T10:00:00.000Z",
  "event.dataset": "app",
  fields: { took: "-5" },
};

Deno.test("jsonLine() holds all of the document in one line", () => {
  const line = jsonLine(document);
  assert.equal(line.indexOf("\n"), line.length - 1);
  assert.deepEqual(JSON.parse(line), { ...document });
});

Deno.test("jsonLine() reads documents whose parts are getters", () => {
  class Lazy {
    get message() {
      return "lazy";
    }
    get topic() {
      return "app";
    }
  }
  const lazy = new Lazy() as unknown as Document;
  assert.deepEqual(JSON.parse(jsonLine(lazy)), { topic: "app", message: "lazy" });
});

Deno.test("csvRow() quotes, and disarms what a spreadsheet would run, numbers apart", () => {
  assert.equal(
    csvRow(document, ["topic", "message", "took", "nothing"]),
    `"app","'=cmd|x ""quoted"", two\nlines","-5",""\r\n`,
  );
});

Deno.test("textLine() keeps a line a line", () => {
  assert.equal(textLine(document), '=cmd|x "quoted", two lines\n');
});
