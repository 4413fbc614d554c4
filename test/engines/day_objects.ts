/** An archive of two days as other engines find it: one object a day, every tenth line an error, and Weir's own files. */
import { type ArchiveFormat, dataName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import { ObjectEncoder } from "../../transfer/archive/encode.ts";
import { plainShape } from "../../transfer/index/shape_fixture.ts";

const DAYS = ["2026-11-19", "2026-11-20"];
const FILE = { generation: "AAAAAAAAAAAAAAAA", host: "a1", path: "/var/log/web.log" };

/** Writes so many lines of each day, a millisecond apart from midnight on; returns the bytes that they account for. */
export async function writeDays(
  store: ObjectStore,
  topic: string,
  linesADay: number,
  format: ArchiveFormat,
): Promise<number> {
  const encoder = new ObjectEncoder();
  let offset = 0;
  for (const [at, day] of DAYS.entries()) {
    const startMs = Date.parse(day);
    const records = Array.from({ length: linesADay }, (_, i) => {
      const level = i % 10 === 0 ? "ERROR" : "INFO";
      const text = `${new Date(startMs + i).toISOString()} ${level} n=${i} größe`;
      const record = recordOf(topic, text, offset, FILE);
      offset += record.length;
      return { ...record, day };
    });
    const bytes = encoder.encode(records, plainShape(topic), startMs, format);
    const name = dataName(topic, day, 0, at * linesADay, (at + 1) * linesADay, format);
    await store.put(name, bytes);
  }
  await store.put(`_weir/${topic}/0/head.json`, new TextEncoder().encode("{}")); // no engine looks at it
  return offset;
}
