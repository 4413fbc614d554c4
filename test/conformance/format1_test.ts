/**
 * What a release of format version 1 left behind is read, and gone on with, without a line lost or doubled. A release
 * that cannot read it any more fails here: it must raise the version of that format and say in CHANGELOG.md how to
 * come over.
 */
import assert from "node:assert/strict";
import { zstdDecompressSync } from "node:zlib";
import { Bench } from "../../agent/tail/tail_bench.ts";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { readObject } from "../../core/archive/read.ts";
import { keptId } from "../../core/fleet/identity.ts";
import { decodeRegistration, PROGRAMS } from "../../core/fleet/registration_schema.ts";
import { parseDropSeal, unpackRanges } from "../../core/ledger/drop_seal.ts";
import { parseExpirySeal } from "../../core/ledger/expiry_seal.ts";
import { mergedSeal, parseSeal } from "../../core/ledger/seal.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { checkTopic } from "../../transfer/archive/inspect.ts";
import { RecordDecoder } from "../../transfer/consume/decode.ts";
import { readBatches, RecordCursor } from "../../transfer/consume/record_batch.ts";
import { FixedNames } from "../../transfer/index/fixed_names.ts";
import { TemplateNames } from "../../transfer/index/names.ts";
import { tempDir } from "../support/temp.ts";
import {
  archiveAndSeal,
  archivedLine,
  chunkOf,
  DAY,
  FIXTURES,
  GENERATION,
  LOGS,
  storyChunk,
  TEXTS,
  TIME_MS,
  TOPIC,
} from "./format1.ts";

const DAY_MS = 86_400_000;
const textOf = (name: string) => Deno.readTextFileSync(FIXTURES + name);

for (const torn of ["none", "checkpoint.a", "checkpoint.b"]) {
  Deno.test(`format 1: the tail goes on at its checkpoint, torn: ${torn}`, async () => {
    const it = new Bench(), [[app], , [turned]] = LOGS;
    for (const [path, text] of LOGS) it.files.append(path, text);
    for (const name of ["checkpoint.a", "checkpoint.b"]) {
      const text = textOf(name);
      it.files.append(`/state/${name}`, name === torn ? text.slice(0, text.length / 2) : text);
    }
    it.files.append(app, " and more\nsix\n");
    await it.clock.advance(2 * DAY_MS);
    await it.start();
    await it.settle(12_000);
    it.files.append(turned, "newer\n");
    await it.settle(12_000);
    // Which of the last lines had come was not noted: they are sent again with the boundaries that they had.
    const sent = it.indexed();
    assert.deepEqual(sent, ["four", "last", " and more", "six", "newer"]);
    const day = (text: string) => it.sink.lines.find((line) => line.text === text)?.day;
    assert.equal(day("six"), "2026-11-21", "it was there before the start");
    assert.equal(day("newer"), "2026-11-23");
    const resumed = it.events.filter((event) => event.startsWith("resumed"));
    assert.equal(resumed.length, LOGS.length, String(it.events));
    await it.kill();
  });
}

Deno.test("format 1: an agent keeps its id", async () => {
  assert.equal(await keptId(FIXTURES), textOf("id").trim());
});

Deno.test("format 1: records of each codec are the lines with their uids, days and fields", () => {
  for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"]) {
    const [batch] = readBatches(Deno.readFileSync(`${FIXTURES}records.${codec}`));
    const cursor = new RecordCursor(batch, 1 << 20), decoder = new RecordDecoder(TOPIC, 0);
    const found: unknown[] = [];
    while (cursor.next()) {
      const record = decoder.decode(cursor);
      assert(record !== "tombstone");
      const { uid, day, tz, host, path, fields } = record;
      const text = new TextDecoder().decode(record.value);
      found.push({ text, uid, day, tz, host, path, fields: { ...fields } });
    }
    const { marks, start, tz, host, path, fields } = storyChunk();
    assert.deepEqual(
      found,
      TEXTS.map((text, i) => {
        const from = start + (i === 0 ? 0 : marks[i * 3 - 1]), to = start + marks[i * 3 + 2];
        return { text, uid: `${GENERATION}:${from}-${to}`, day: DAY, tz, host, path, fields };
      }),
      codec,
    );
  }
});

Deno.test("format 1: seals of the ledger hold, and newer ones join them", () => {
  const lines = textOf("ledger.ndjson").trim().split("\n");
  const seals = lines.map(parseSeal).filter((seal) => seal !== undefined);
  assert.deepEqual(seals.map(({ path, from, to }) => [path, from, to]), [
    ["/var/log/app.log", 0, 18],
    ["/var/log/turned.log.1", 0, 16],
    ["/var/log/turned.log", 0, 8],
  ]);
  const later = mergedSeal(seals[0], { ...seals[0], from: 18, to: 40 });
  assert.deepEqual([later.from, later.to], [0, 40]);
  const drop = lines.map(parseDropSeal).find((seal) => seal !== undefined);
  assert.deepEqual(unpackRanges(drop!.ranges), [{ start: 100, end: 120 }, {
    start: 125,
    end: 135,
  }]);
  assert.equal(lines.map(parseExpirySeal).find((seal) => seal !== undefined)?.to, 90);
});

Deno.test("format 1: the archive goes on behind a crash before the commit; each line once, the day sealed again", async () => {
  await using folder = await tempDir();
  await copy(`${FIXTURES}archive`, folder.path);
  const store = new FolderObjects(folder.path);
  const [before] = (await checkTopic(store, TOPIC)).days;
  assert.deepEqual([before.state, before.records, before.revision], ["complete", 4, 1]);
  await archiveAndSeal(store, { committed: -1, to: 7, by: "another" });
  const [after] = (await checkTopic(store, TOPIC)).days;
  assert.deepEqual([after.state, after.records, after.revision], ["complete", 7, 2]);
  const wanted = Array.from({ length: 7 }, (_, n) => archivedLine(n).uid);
  for (const extension of ["ndjson.zst", "parquet"]) {
    const ids: string[] = [];
    for await (const { name } of store.list(`topic=${TOPIC}/`)) {
      if (!name.endsWith(extension)) continue;
      ids.push(...(await readObject(store, name)).map(({ _id }) => _id));
    }
    assert.deepEqual(ids.sort(), wanted, extension);
  }
});

Deno.test("format 1: the embedded store has its lines, takes none twice, and goes on", async () => {
  await using folder = await tempDir();
  const bytes = zstdDecompressSync(Deno.readFileSync(`${FIXTURES}store.db.zst`));
  await Deno.writeFile(folder.join("store.db"), bytes);
  const store = new EmbeddedStore({ folder: folder.path });
  try {
    const { start, end } = storyChunk();
    assert.equal(store.position(GENERATION, TOPIC), end);
    store.appendChunks([chunkOf(start, [...TEXTS, "fourth"])], TIME_MS);
    const found: string[] = [];
    const query = { kind: "equals", field: "topic", value: TOPIC } as const;
    const request = { query, order: "oldest", limit: 100 } as const;
    for await (const batch of store.search(request, new AbortController().signal)) {
      found.push(...batch.map(({ message }) => message));
    }
    assert.deepEqual(found.sort(), [...TEXTS, "fourth"].sort());
  } finally {
    await store.close();
  }
});

Deno.test("format 1: registrations are read, and a decided index name holds", async () => {
  const values: Record<string, string> = JSON.parse(textOf("etcd.json"));
  for (const program of PROGRAMS) {
    const registered = decodeRegistration(values[`/weir/live/${program}/id`]);
    assert.equal(registered?.program, program);
    assert.equal(registered.applied.revision, 7);
  }
  const decide = (key: string) => Promise.resolve(values[`/weir/index/${key}`]);
  const names = new FixedNames(new TemplateNames("other-{topic}-{day}"), { decide });
  assert.deepEqual(await names.targetOf(TOPIC, DAY), {
    index: `weir-${TOPIC}-2026.11.20`,
    document: "full",
  });
});

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
