import assert from "node:assert/strict";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { BulkBody } from "./bulk_body.ts";
import { DocumentEncoder } from "./document.ts";
import { plainShape } from "./shape_fixture.ts";

const RECORD: LogRecord = {
  topic: "web_log",
  uid: "AbCdEfGh01234-_9:0-10",
  generation: "AbCdEfGh01234-_9",
  offset: 0,
  length: 10,
  host: 'we"b',
  path: "/var/log/ä\n.log",
  value: new TextEncoder().encode('2026-11-20 23:59:59.5 ERROR "x"'),
  createdMs: Date.UTC(2026, 10, 21, 0, 0, 0, 7),
  day: "2026-11-20",
  tz: "UTC",
  kafka: { partition: 3, offset: "12345" },
};
const INGESTED = "2026-11-21T00:00:01.000Z";

function encode(record: LogRecord, document: "full" | "minimal" = "full", fields?: "none") {
  const body = new BulkBody();
  const encoder = new DocumentEncoder();
  const shape = { ...plainShape(record.topic), fields: fields !== "none" };
  encoder.append(body, record, { index: 'i"x', document }, shape, INGESTED);
  const lines = new TextDecoder().decode(body.take()).split("\n");
  assert.equal(lines.length, 3);
  assert.equal(lines[2], "");
  return { action: JSON.parse(lines[0]), document: JSON.parse(lines[1]) };
}

Deno.test("DocumentEncoder writes action and full document", () => {
  assert.deepEqual(encode(RECORD), {
    action: { create: { _index: 'i"x', _id: "AbCdEfGh01234-_9:0-10" } },
    document: {
      "@timestamp": "2026-11-20T23:59:59.500Z",
      topic: "web_log",
      "event.dataset": "web_log",
      "host.name": 'we"b',
      "log.file.path": "/var/log/ä\n.log",
      "log.file.generation": "AbCdEfGh01234-_9",
      "log.offset": 0,
      "log.length": 10,
      "log.level": "error",
      "event.created": "2026-11-21T00:00:00.007Z",
      "event.ingested": INGESTED,
      "kafka.partition": 3,
      "kafka.offset": 12345,
      message: '2026-11-20 23:59:59.5 ERROR "x"',
    },
  });
});

Deno.test("DocumentEncoder leaves out what a foreign record does not have", () => {
  const { document } = encode({
    ...RECORD,
    generation: null,
    host: "",
    path: "",
    value: new TextEncoder().encode("plain"),
    kafka: undefined,
  });
  assert.deepEqual(document, {
    "@timestamp": "2026-11-21T00:00:00.007Z",
    topic: "web_log",
    "event.dataset": "web_log",
    "log.offset": 0,
    "log.length": 10,
    "event.created": "2026-11-21T00:00:00.007Z",
    "event.ingested": INGESTED,
    message: "plain",
  });
});

Deno.test("DocumentEncoder writes exactly topic and data in minimal documents", () => {
  assert.deepEqual(encode(RECORD, "minimal").document, {
    topic: "web_log",
    data: '2026-11-20 23:59:59.5 ERROR "x"',
  });
});

Deno.test("DocumentEncoder puts fields of the line and of the record into one field", () => {
  const value = new TextEncoder().encode(
    '{"a":{"b":1},"\\u0000":2,"s":"\\ud800","__proto__":"p","team":"of the line"}',
  );
  const fields = Object.assign(Object.create(null), { team: "shop" });
  assert.deepEqual(encode({ ...RECORD, value, fields }).document.fields, {
    "a.b": "1",
    "\ufffd": "2",
    s: "\ufffd",
    ["__proto__"]: "p",
    team: "shop",
  });
  assert.deepEqual(encode({ ...RECORD, value, fields }, "full", "none").document.fields, {
    team: "shop",
  });
  const logfmt = { ...RECORD, value: new TextEncoder().encode("level=info a=1") };
  assert.deepEqual(encode(logfmt).document.fields, { level: "info", a: "1" });
});

Deno.test("DocumentEncoder never writes a time that Elasticsearch cannot read", () => {
  for (const text of ["9999-99-99 00:00:00 x", "99999999999999999 x", "0000-01-01T00:00:00Z x"]) {
    const { document } = encode({ ...RECORD, value: new TextEncoder().encode(text) });
    assert.match(document["@timestamp"], /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
  }
});
