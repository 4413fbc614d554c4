/**
 * What every DocumentWriter has to do, as tests: each adapter's test file calls
 * documentWriterConformance() with a factory. The promises stand in document_store.ts; a test here
 * is named after the one it checks.
 */
import assert from "node:assert/strict";
import type { Document, DocumentWriter, LogRecord } from "./document_store.ts";

/** A writer with the means to look at what it wrote; made anew for each test. */
export interface WriterUnderTest {
  writer: DocumentWriter;
  /** A topic of this test alone. */
  topic: string;
  /**
   * All documents of a topic, in any order; waits until what was answered "created" can be seen.
   */
  documents(topic: string): Promise<Document[]>;
  /**
   * Ends the writer without warning and opens it again on the same data, where that is possible.
   */
  reopen?(): Promise<DocumentWriter>;
  close(): Promise<void>;
}

const encode = (text: string) => new TextEncoder().encode(text);
const CREATED_MS = Date.UTC(2026, 10, 21, 6, 0, 0, 0);
/** Of the files in the tests. */
export const GENERATIONS = ["AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCC"];

/** A record of an agent; `offset` places it in the file. */
export function recordOf(
  topic: string,
  text: string | Uint8Array,
  offset: number,
  more: Partial<LogRecord> = {},
): LogRecord {
  const value = typeof text === "string" ? encode(text) : text;
  const generation = more.generation ?? GENERATIONS[0];
  const length = more.length ?? value.length + 1;
  return {
    topic,
    uid: `${generation}:${offset}-${offset + length}`,
    offset,
    host: "web-1",
    path: "/var/log/app.log",
    value,
    createdMs: CREATED_MS,
    day: "2026-11-21",
    tz: "UTC",
    ...more,
    generation,
    length,
  };
}

/** A record that no agent wrote. */
export function foreignOf(
  topic: string,
  text: string,
  kafkaOffset: number,
  createdMs = CREATED_MS,
): LogRecord {
  const value = encode(text);
  return {
    topic,
    uid: `${topic}-0-${kafkaOffset}-${createdMs}`,
    generation: null,
    offset: kafkaOffset,
    length: value.length,
    host: "",
    path: "",
    value,
    createdMs,
    day: "2026-11-21",
    tz: "UTC",
    kafka: { partition: 0, offset: String(kafkaOffset) },
  };
}

const results = async (writer: DocumentWriter, records: LogRecord[]) =>
  (await writer.write(records)).map((outcome) => outcome.result);

type WriterTest = (what: string, run: (made: WriterUnderTest) => Promise<void>) => void;

/** Registers the tests of the writer's half. */
export function documentWriterConformance(
  name: string,
  open: () => Promise<WriterUnderTest>,
): void {
  const test: WriterTest = (what, run) =>
    Deno.test(`DocumentWriter ${name}: ${what}`, async () => {
      const made = await open();
      try {
        await run(made);
      } finally {
        await made.close();
      }
    });

  testIdentity(test);
  testContent(test);
  testReopen(test);
}

function testIdentity(test: WriterTest): void {
  test("answers created once, then exists, and keeps the first", async ({ writer, ...made }) => {
    const record = recordOf(made.topic, "2026-11-21T05:00:00Z INFO first", 0);
    assert.deepEqual(await results(writer, [record]), ["created"]);
    assert.deepEqual(await results(writer, [record, record]), ["exists", "exists"]);
    const documents = await made.documents(made.topic);
    assert.equal(documents.length, 1);
    assert.equal(documents[0]._id, record.uid);
    assert.equal(documents[0].message, "2026-11-21T05:00:00Z INFO first");
  });

  test("answers one outcome a record, in order, repeats in one call included", async (made) => {
    const { writer, topic } = made;
    const a = recordOf(topic, "a", 0), b = recordOf(topic, "b", 2), c = recordOf(topic, "c", 4);
    assert.deepEqual(await results(writer, []), []);
    assert.deepEqual(await results(writer, [a]), ["created"]);
    assert.deepEqual(await results(writer, [a, b, b, c, a]), [
      "exists",
      "created",
      "exists",
      "created",
      "exists",
    ]);
    const texts = (await made.documents(topic)).map((document) => document.message).sort();
    assert.deepEqual(texts, ["a", "b", "c"]);
  });

  test("identifies by topic and uid", async (made) => {
    const other = `${made.topic}-other`;
    const records = [recordOf(made.topic, "same", 0), recordOf(other, "same", 0)];
    assert.deepEqual(await results(made.writer, records), ["created", "created"]);
    assert.equal((await made.documents(made.topic)).length, 1);
    assert.equal((await made.documents(other)).length, 1);
  });

  test("takes lines of one file in any order", async (made) => {
    const records = [40, 0, 20, 60].map((offset) =>
      recordOf(made.topic, `line at ${offset}`, offset, { length: 20 })
    );
    for (const record of records) {
      assert.deepEqual(await results(made.writer, [record]), ["created"]);
    }
    assert.deepEqual(await results(made.writer, records), records.map(() => "exists"));
    assert.equal((await made.documents(made.topic)).length, 4);
  });

  test("takes foreign records; a topic made anew has other uids", async (made) => {
    const first = foreignOf(made.topic, "one", 0), second = foreignOf(made.topic, "two", 1);
    const again = foreignOf(made.topic, "three", 0, CREATED_MS + 1);
    assert.deepEqual(await results(made.writer, [first, second]), ["created", "created"]);
    assert.deepEqual(await results(made.writer, [second, again]), ["exists", "created"]);
    const documents = await made.documents(made.topic);
    assert.deepEqual(
      documents.map((document) => document._id).sort(),
      [first.uid, second.uid, again.uid].sort(),
    );
    assert.equal(documents[0]["kafka.partition"], 0);
  });
}

function testContent(test: WriterTest): void {
  test("keeps every byte that is UTF-8, and U+FFFD for the rest", async (made) => {
    const texts: [Uint8Array, string][] = [
      [encode('登录失败 café "quoted" \\ \t \u0000 \u001b[31m 😀'), ""],
      [encode(""), ""],
      [encode("\ufeffbom"), ""],
      [new Uint8Array([97, 0xff, 98, 0xc3]), "a\ufffdb\ufffd"],
      [encode("x".repeat(100_000)), ""],
    ];
    let offset = 0;
    const records = texts.map(([value]) => {
      const record = recordOf(made.topic, value, offset);
      offset += record.length;
      return record;
    });
    assert.deepEqual(await results(made.writer, records), records.map(() => "created"));
    const byId = new Map((await made.documents(made.topic)).map((one) => [one._id, one.message]));
    texts.forEach(([value, expected], i) => {
      const wanted = expected === ""
        ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(value)
        : expected;
      assert.equal(byId.get(records[i].uid), wanted, `record ${i}`);
    });
  });

  test("takes the time and level from the line, else the record's time", async (made) => {
    const records = [
      recordOf(made.topic, "2026-11-20 23:00:00,250 WARN x", 0),
      recordOf(made.topic, "2026-11-20 23:00:00 in a zone", 100, { tz: "Asia/Shanghai" }),
      recordOf(made.topic, "nothing known", 200, { generation: GENERATIONS[1] }),
    ];
    await made.writer.write(records);
    const byId = new Map((await made.documents(made.topic)).map((one) => [one._id, one]));
    const [timed, zoned, plain] = records.map((record) => byId.get(record.uid)!);
    assert.equal(timed["@timestamp"], "2026-11-20T23:00:00.250Z");
    assert.equal(timed["log.level"], "warn");
    assert.equal(zoned["@timestamp"], "2026-11-20T15:00:00.000Z");
    assert.equal(plain["@timestamp"], "2026-11-21T06:00:00.000Z");
    assert.equal(plain["log.level"], undefined);
    assert.equal(plain["event.created"], "2026-11-21T06:00:00.000Z");
    assert.equal(timed["host.name"], "web-1");
    assert.equal(timed["log.file.path"], "/var/log/app.log");
    assert.equal(timed["log.file.generation"], GENERATIONS[0]);
    assert.equal(zoned["log.offset"], 100);
    assert.equal(zoned["log.length"], records[1].length);
    assert.equal(timed.topic, made.topic);
  });
}

function testReopen(test: WriterTest): void {
  test("keeps what it answered for over a sudden end", async (made) => {
    if (made.reopen === undefined) return;
    const records = [recordOf(made.topic, "one", 0), recordOf(made.topic, "two", 4)];
    assert.deepEqual(await results(made.writer, records), ["created", "created"]);
    const writer = await made.reopen();
    assert.equal((await made.documents(made.topic)).length, 2);
    assert.deepEqual(await results(writer, records), ["exists", "exists"]);
    assert.deepEqual(await results(writer, [recordOf(made.topic, "three", 8)]), ["created"]);
  });
}
