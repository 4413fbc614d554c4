/** deploy/archive/*.sql name the columns that objects have, in their order, with types that hold them. */
import assert from "node:assert/strict";
import { parquetMetadata } from "hyparquet";
import { plainShape } from "../index/shape_fixture.ts";
import { ObjectEncoder } from "./encode.ts";

const FOLDER = new URL("../../deploy/archive/", import.meta.url);

/** By engine: its types for those of Parquet, and how it quotes a name. */
const ENGINES = {
  hive: { text: "STRING", time: "TIMESTAMP", number: "BIGINT", quote: "`" },
  spark: { text: "STRING", time: "TIMESTAMP", number: "BIGINT", quote: "`" },
  trino: { text: "VARCHAR", time: "TIMESTAMP(3)", number: "BIGINT", quote: '"' },
};

/** Name and type of each column of an object. */
function columnsOfObjects(): [name: string, type: "text" | "time" | "number"][] {
  const value = new TextEncoder().encode('{"level":"info","user":"7","msg":"ready"}');
  const bytes = new ObjectEncoder().encode(
    [{
      topic: "web",
      uid: "AAAAAAAAAAAAAAAA:0-40",
      generation: "AAAAAAAAAAAAAAAA",
      offset: 0,
      length: 40,
      host: "a1",
      path: "/var/log/web.log",
      value,
      createdMs: Date.UTC(2026, 10, 21),
      day: "2026-11-21",
      tz: "Europe/Berlin",
      kafka: { partition: 0, offset: "1" },
    }],
    plainShape("web"),
    Date.UTC(2026, 10, 21),
    "parquet",
  );
  const { schema } = parquetMetadata(bytes.buffer as ArrayBuffer);
  return schema.slice(1).map(({ name, type, converted_type: converted }) => {
    if (type === "BYTE_ARRAY" && converted === "UTF8") return [name, "text"];
    if (type === "INT64" && converted === "TIMESTAMP_MILLIS") return [name, "time"]; // UTC
    assert.equal(type, "INT64", name);
    assert.ok(converted === undefined || converted === "INT_64", name);
    return [name, "number"];
  });
}

for (const [engine, { quote, ...types }] of Object.entries(ENGINES)) {
  Deno.test(`the table of ${engine} has the columns of the objects`, async () => {
    const text = await Deno.readTextFile(new URL(`${engine}.sql`, FOLDER));
    const body = /^CREATE (?:EXTERNAL )?TABLE \S+ \(\n(.*?)\n\)/ms.exec(text)![1];
    const named = body.split(",\n").map((line) => line.trim());
    const wanted = columnsOfObjects().map(([name, type]) =>
      `${quote}${name}${quote} ${types[type]}`
    );
    const parts = ["topic", "day"].map((name) => `${quote}${name}${quote} ${types.text}`);
    if (engine === "hive") {
      assert.deepEqual(named, wanted);
      assert.ok(text.includes(`PARTITIONED BY (${parts.join(", ")})`));
    } else assert.deepEqual(named, [...wanted, ...parts]);
    const partitions = {
      hive: "PARTITIONED BY (",
      spark: "PARTITIONED BY (`topic`, `day`)",
      trino: "partitioned_by = ARRAY['topic', 'day']",
    };
    assert.ok(text.includes(partitions[engine as keyof typeof partitions]));
  });
}
