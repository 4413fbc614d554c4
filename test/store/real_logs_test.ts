/**
 * Real log files of many programs, where they are there: every line gets a time, and each file the
 * right first and last time and the right counts by level. The files do not belong to the project:
 * the folder is `WEIR_LOGS`, else `shared/logs` beside the checkout. Each file is read as it is (CR
 * LF, no line end behind the last line) and with plain line ends.
 */
import assert from "node:assert/strict";
import { LINES_MAX, splitLines } from "../../agent/tail/splitter.ts";
import type { Document } from "../../core/ports/document_store.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDER = Deno.env.get("WEIR_LOGS") ?? `${ROOT}../shared/logs`;
/** The day on which the files are read here. */
const READ_MS = Date.UTC(2026, 10, 21, 4);

interface Expected {
  first: string;
  last: string;
  levels: Record<string, number>;
}

/** Times as they stand in the files, read in UTC; Linux and OpenSSH name no year. */
const EXPECTED: Record<string, Expected> = {
  "Apache.log": {
    first: "2005-12-04T04:47:44.000Z",
    last: "2005-12-05T19:15:57.000Z",
    levels: { info: 1405, error: 595 },
  },
  "HDFS.log": {
    first: "2008-11-09T20:36:15.000Z",
    last: "2008-11-11T10:20:17.000Z",
    levels: { info: 1920, warn: 80 },
  },
  "Hadoop.log": {
    first: "2015-10-18T18:01:47.978Z",
    last: "2015-10-18T18:10:55.202Z",
    levels: { info: 1040, warn: 808, error: 150, fatal: 2 },
  },
  "Linux.log": {
    first: "2026-06-14T15:16:01.000Z",
    last: "2026-07-27T14:42:00.000Z",
    levels: { "": 1955, fatal: 43, warn: 2 },
  },
  "OpenSSH.log": {
    first: "2025-12-10T06:55:46.000Z",
    last: "2025-12-10T11:04:45.000Z",
    levels: { "": 1952, error: 47, fatal: 1 },
  },
  "OpenStack.log": {
    first: "2017-05-16T00:00:00.008Z",
    last: "2017-05-16T00:14:47.687Z",
    levels: { info: 1969, warn: 31 },
  },
  "Spark.log": {
    first: "2017-06-09T20:10:40.000Z",
    last: "2017-06-09T20:11:11.000Z",
    levels: { info: 2000 },
  },
  "Zookeeper.log": {
    first: "2015-07-29T17:41:44.747Z",
    last: "2015-08-10T18:12:34.004Z",
    levels: { info: 669, warn: 1318, error: 13 },
  },
};

function storeFile(store: EmbeddedStore, name: string, bytes: Uint8Array, tz: string): number {
  const marks = new Int32Array(LINES_MAX * 3);
  const { lines, consumed } = splitLines(bytes, 0, bytes.length, marks, 262_144, true);
  assert.equal(consumed, bytes.length);
  store.appendChunks([{
    topic: "logs",
    generation: name.slice(0, 16).padEnd(16, "_").replace(".", "-"),
    path: `/var/log/${name}`,
    host: "test",
    start: 0,
    end: consumed,
    bytes,
    marks,
    lines,
    day: "2026-11-21",
    tz,
  }], READ_MS);
  return lines;
}

async function documentsOf(store: EmbeddedStore): Promise<Document[]> {
  const found: Document[] = [];
  const request = { query: { kind: "all" }, order: "oldest", limit: 100_000 } as const;
  for await (const batch of store.search(request, new AbortController().signal)) {
    found.push(...batch);
  }
  return found.sort((a, b) => a["log.offset"] - b["log.offset"]);
}

async function check(name: string, bytes: Uint8Array): Promise<void> {
  const expected = EXPECTED[name];
  const folder = Deno.makeTempDirSync();
  const store = new EmbeddedStore({ folder });
  try {
    assert.equal(storeFile(store, name, bytes, "UTC"), 2000);
    const documents = await documentsOf(store);
    assert.equal(documents.length, 2000);
    assert.equal(documents[0]["@timestamp"], expected.first);
    assert.equal(documents[1999]["@timestamp"], expected.last);
    const levels: Record<string, number> = {};
    let end = 0;
    for (const document of documents) {
      const level = document["log.level"] ?? "";
      levels[level] = (levels[level] ?? 0) + 1;
      assert.equal(document["log.offset"], end, "every byte is accounted for");
      end += document["log.length"];
      assert.ok(!document.message.endsWith("\r"));
      assert.equal(document["event.parent"], undefined);
      assert.notEqual(
        document["@timestamp"].slice(0, 10),
        "2026-11-21",
        "no line is without a time",
      );
    }
    assert.equal(end, bytes.length);
    assert.deepEqual(levels, expected.levels);
  } finally {
    await store.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

function there(): boolean {
  try {
    return Deno.statSync(FOLDER).isDirectory;
  } catch {
    return false;
  }
}

for (const name of Object.keys(EXPECTED)) {
  Deno.test({
    name: `${name}: right times and levels, CR LF or LF`,
    ignore: !there(),
    fn: async () => {
      const bytes = Deno.readFileSync(`${FOLDER}/${name}`);
      await check(name, bytes);
      const plain = new TextDecoder("latin1").decode(bytes).replaceAll(/\r+\n/g, "\n");
      await check(name, Uint8Array.from(plain.trimEnd() + "\n", (char) => char.charCodeAt(0)));
    },
  });
}

Deno.test({
  name: "real logs: a zone shifts what names none",
  ignore: !there(),
  fn: async () => {
    const folder = Deno.makeTempDirSync();
    const store = new EmbeddedStore({ folder });
    try {
      storeFile(store, "Spark.log", Deno.readFileSync(`${FOLDER}/Spark.log`), "Asia/Shanghai");
      assert.equal((await documentsOf(store))[0]["@timestamp"], "2017-06-09T12:10:40.000Z");
    } finally {
      await store.close();
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
