import assert from "node:assert/strict";
import fc from "fast-check";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { BatchMemory } from "../../core/kafka/batch_memory.ts";
import { RecordBatchBuilder, recordPrefix } from "../../core/kafka/record_batch.ts";
import { type Decoded, FIELDS_MAX, isDay, RecordDecoder } from "./decode.ts";
import { readBatches, RecordCursor } from "./record_batch.ts";
import { batchBytes, type TestRecord } from "./record_batch_fixture.ts";

const KEY = "AbCdEfGh01234-_9";
const TIME = Date.UTC(2026, 10, 21, 23, 59, 59);
const OURS: [string, string][] = [
  ["weir.v", "1"],
  ["host.name", "web-1"],
  ["log.file.path", "/var/log/a.log"],
  ["log.offset", "1000"],
  ["log.length", "42"],
];

function decodeAll(records: TestRecord[]) {
  const cursor = new RecordCursor(readBatches(batchBytes(records))[0], 1 << 24);
  const decoder = new RecordDecoder("web_log", 3);
  const decoded: Decoded[] = [];
  while (cursor.next()) decoded.push(decoder.decode(cursor));
  return { decoded, dropped: decoder.fieldsDropped };
}

function decode(record: Partial<TestRecord>) {
  const full = { offset: 7, timestampMs: TIME, key: KEY, value: "line", headers: [], ...record };
  const { decoded: [one] } = decodeAll([full]);
  assert.ok(one !== "tombstone");
  return one;
}

Deno.test("RecordDecoder reads a record of an agent", () => {
  const record = decode({ headers: [...OURS, ["team", "shop"]] });
  assert.equal(new TextDecoder().decode(record.value), "line");
  assert.deepEqual({ ...record.fields }, { team: "shop" });
  const { topic, uid, generation, offset, length, host, path, createdMs, day, tz, kafka } = record;
  assert.deepEqual(
    { topic, uid, generation, offset, length, host, path, createdMs, day, tz, kafka },
    {
      topic: "web_log",
      uid: `${KEY}:1000-1042`,
      generation: KEY,
      offset: 1000,
      length: 42,
      host: "web-1",
      path: "/var/log/a.log",
      createdMs: TIME,
      day: "2026-11-21",
      tz: "UTC",
      kafka: { partition: 3, offset: "7" },
    },
  );
});

Deno.test("RecordDecoder takes day and zone from the headers", () => {
  const record = decode({
    headers: [...OURS, ["weir.day", "2026-11-20"], ["weir.tz", "Asia/Tokyo"]],
  });
  assert.equal(record.day, "2026-11-20");
  assert.equal(record.tz, "Asia/Tokyo");
});

Deno.test("RecordDecoder reads what the agent's batch builder writes", () => {
  const line = new TextEncoder().encode("first\nsecond\n");
  const chunk: LineChunk = {
    topic: "web_log",
    generation: KEY,
    path: "/p",
    host: "h",
    start: 10,
    end: 23,
    bytes: line,
    marks: Int32Array.of(0, 5, 6, 6, 12, 13),
    lines: 2,
    day: "2026-11-19",
    tz: "Europe/Berlin",
    fields: { env: "test" },
  };
  const builder = new RecordBatchBuilder(new BatchMemory(65_536, 1));
  builder.begin(TIME);
  builder.append(chunk, recordPrefix(chunk, TIME), 0);
  for (const codec of ["none", "gzip", "zstd"] as const) {
    const cursor = new RecordCursor(readBatches(builder.finish(codec, 1))[0], 1 << 20);
    const decoder = new RecordDecoder("web_log", 0);
    const uids: string[] = [];
    while (cursor.next()) {
      const record = decoder.decode(cursor);
      assert.ok(record !== "tombstone");
      uids.push(record.uid);
      assert.equal(record.day, "2026-11-19");
      assert.equal(record.tz, "Europe/Berlin");
      assert.deepEqual({ ...record.fields }, { env: "test" });
    }
    assert.deepEqual(uids, [`${KEY}:10-16`, `${KEY}:16-23`]);
  }
});

Deno.test("RecordDecoder takes a record that is not ours as a plain line", () => {
  const foreign: Partial<TestRecord>[] = [
    { headers: [] },
    { headers: OURS.slice(1) },
    { headers: OURS, key: null },
    { headers: OURS, key: "AbCdEfGh01234-_" },
    { headers: OURS, key: "AbCdEfGh01234-_ü" },
    { headers: OURS, key: "AbCdEfGh01234 _9" },
    ...["", "-1", "1e3", "0x10", "99999999999999999999", " 5", "5 "].map((offset) => ({
      headers: [...OURS.filter(([name]) => name !== "log.offset"), ["log.offset", offset]] as [
        string,
        string,
      ][],
    })),
    { headers: [...OURS, ["weir.v", "2"]] },
    { headers: [...OURS, ["log.length", null]] },
  ];
  for (const record of foreign) {
    const found = decode(record);
    assert.equal(found.uid, `web_log-3-7-${TIME}`, JSON.stringify(record));
    assert.equal(found.generation, null);
    assert.equal(found.offset, 7);
    assert.equal(found.length, 4);
    assert.equal(found.day, "2026-11-21");
  }
});

Deno.test("RecordDecoder names a tombstone, and takes an empty line", () => {
  assert.deepEqual(
    decodeAll([{ offset: 1, timestampMs: TIME, key: KEY, value: null, headers: OURS }]).decoded,
    ["tombstone"],
  );
  assert.equal(decode({ value: "" }).length, 0);
});

Deno.test("RecordDecoder bounds static fields and counts what it leaves out", () => {
  const many = Array.from({ length: FIELDS_MAX + 10 }, (_, i): [string, string] => [`f${i}`, "v"]);
  const { decoded: [record], dropped } = decodeAll([{
    offset: 1,
    timestampMs: TIME,
    key: KEY,
    value: "x",
    headers: [...OURS, ["n".repeat(513), ""], ["long", "v".repeat(40_000)], ...many],
  }]);
  assert.ok(record !== "tombstone");
  assert.equal(Object.keys(record.fields!).length, FIELDS_MAX);
  assert.equal(dropped, 12);
});

Deno.test("RecordDecoder trips over no name and no byte", () => {
  const record = decode({
    headers: [...OURS, ["__proto__", "p"], ["constructor", "c"], [
      new Uint8Array([0xff, 0xfe]),
      new Uint8Array([0xc3]),
    ]],
  });
  assert.deepEqual(Object.keys(record.fields!), ["__proto__", "constructor", "\ufffd\ufffd"]);
});

Deno.test("RecordDecoder mends an impossible day by the record's time", () => {
  for (
    const day of ["2026-02-30", "2026-13-01", "26-1-1", "2026-11-21 ", "../../etc", "+012026-11"]
  ) {
    assert.equal(decode({ headers: [...OURS, ["weir.day", day]] }).day, "2026-11-21");
    assert.equal(isDay(day), false);
  }
  assert.equal(isDay("2024-02-29"), true);
});

Deno.test("RecordDecoder gives each record its own texts, whatever came before", () => {
  const record = fc.record({
    key: fc.constantFrom(KEY, KEY.toLowerCase(), "short", null),
    host: fc.constantFrom("a", "b", "web-1"),
    path: fc.constantFrom("/a", "/b", "/a/b"),
    start: fc.nat(1e9),
    length: fc.nat(1e5),
  });
  fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
    const { decoded } = decodeAll(records.map((one, i) => ({
      offset: i,
      timestampMs: TIME,
      key: one.key,
      value: "v",
      headers: [["weir.v", "1"], ["host.name", one.host], ["log.file.path", one.path], [
        "log.offset",
        String(one.start),
      ], ["log.length", String(one.length)]],
    })));
    decoded.forEach((found, i) => {
      assert.ok(found !== "tombstone");
      const { key, host, path, start, length } = records[i];
      assert.equal(found.host, host);
      assert.equal(found.path, path);
      const ours = key !== null && key.length === 16;
      assert.equal(
        found.uid,
        ours ? `${key}:${start}-${start + length}` : `web_log-3-${i}-${TIME}`,
      );
    });
  }));
});

Deno.test("RecordDecoder bounds each name and value by its bytes, to the byte", () => {
  const kept = (header: [string, string]) => {
    const { decoded: [one], dropped } = decodeAll([
      { offset: 1, timestampMs: TIME, key: KEY, value: "x", headers: [...OURS, header] },
    ]);
    assert.ok(one !== "tombstone");
    assert.equal(dropped, one.fields === undefined ? 1 : 0);
    return one.fields !== undefined;
  };
  assert.equal(kept(["n".repeat(512), "v"]), true);
  assert.equal(kept(["n".repeat(513), "v"]), false);
  assert.equal(kept(["n", "v".repeat(32_768)]), true);
  assert.equal(kept(["n", "v".repeat(32_769)]), false);
  assert.equal(kept(["n", ""]), true);
  assert.equal(kept(["", "v"]), false);
  assert.equal(FIELDS_MAX, 64);
});

Deno.test("RecordDecoder bounds host, path and zone: beyond that the record is a plain line", () => {
  const path = (bytes: number) =>
    decode({ headers: [...OURS, ["log.file.path", "p".repeat(bytes)]] });
  assert.equal(path(8192).path.length, 8192);
  assert.equal(path(8193).generation, null);
  const tz = (bytes: number) => decode({ headers: [...OURS, ["weir.tz", "z".repeat(bytes)]] }).tz;
  assert.equal(tz(64), "z".repeat(64));
  assert.equal(tz(65), "UTC");
});

Deno.test("RecordDecoder takes a header without a value as an empty one", () => {
  assert.deepEqual({ ...decode({ headers: [...OURS, ["team", null]] }).fields }, { team: "" });
  assert.equal(decode({ headers: [...OURS, ["host.name", null]] }).generation, null);
  assert.equal(decode({ headers: [...OURS, ["weir.tz", null]] }).tz, "UTC");
});

Deno.test("RecordDecoder takes the day of a plain line from its time, whatever its headers say", () => {
  const record = decode({ key: null, headers: [...OURS, ["weir.day", "2026-11-20"]] });
  assert.equal(record.day, "2026-11-21");
});

Deno.test("RecordDecoder takes places of one digit to fifteen", () => {
  const at = (offset: string, length: string) =>
    decode({ headers: [...OURS, ["log.offset", offset], ["log.length", length]] }).uid;
  assert.equal(at("0", "0"), `${KEY}:0-0`);
  assert.equal(at("9", "90"), `${KEY}:9-99`);
  assert.equal(at("999999999999999", "0"), `${KEY}:999999999999999-999999999999999`);
  assert.equal(at("1000000000000000", "1"), `web_log-3-7-${TIME}`);
  assert.equal(at("1", "2:"), `web_log-3-7-${TIME}`);
  assert.equal(at("1", "2/"), `web_log-3-7-${TIME}`);
});

Deno.test("RecordDecoder takes no name for one of ours that differs in a byte", () => {
  for (const name of ["wost.name", "host.namf", "host-name", "host.nam", "host.names"]) {
    const record = decode({
      headers: [...OURS.filter(([one]) => one !== "host.name"), [name, "x"]],
    });
    assert.equal(record.host, "", name);
    assert.deepEqual({ ...record.fields }, { [name]: "x" });
  }
});
