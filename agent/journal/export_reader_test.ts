import assert from "node:assert/strict";
import fc from "fast-check";
import { type ExportEntry, ExportReader, FIELD_BYTES_MAX } from "./export_reader.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const NAMES = ["MESSAGE", "PRIORITY", "__CURSOR"];

/** A field as journalctl writes it: with its size where its value holds a line feed. */
function field(name: string, value: Uint8Array): Uint8Array {
  if (!value.includes(10)) return join(encode(`${name}=`), value, encode("\n"));
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(value.length), true);
  return join(encode(`${name}\n`), size, value, encode("\n"));
}

function join(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function read(bytes: Uint8Array, cuts: readonly number[] = []): ExportEntry[] {
  const reader = new ExportReader(NAMES), entries: ExportEntry[] = [];
  let from = 0;
  for (const to of [...cuts].sort((a, b) => a - b).concat(bytes.length)) {
    reader.push(bytes.slice(from, to), (entry) => entries.push(entry));
    from = to;
  }
  return entries;
}

function plain(entries: readonly ExportEntry[]): Record<string, number[]>[] {
  return entries.map(({ fields }) =>
    Object.fromEntries([...fields].map(([name, value]) => [name, [...value]]))
  );
}

Deno.test("ExportReader reads text and sized fields, and leaves out what is not wanted", () => {
  const entries = read(join(
    field("__CURSOR", encode("s=1;i=2")),
    field("_CMDLINE", encode("x\ny")),
    field("MESSAGE", encode("one\ntwo=3")),
    encode("\n"),
    field("MESSAGE", encode("a=b")),
    encode("\n\n"),
    field("MESSAGE", encode("not complete")),
  ));
  assert.deepEqual(plain(entries), [
    { __CURSOR: [...encode("s=1;i=2")], MESSAGE: [...encode("one\ntwo=3")] },
    { MESSAGE: [...encode("a=b")] },
  ]);
});

Deno.test("ExportReader gives the same entries however the bytes are split", () => {
  const value = fc.uint8Array({ maxLength: 40 });
  const entry = fc.tuple(value, value, value);
  fc.assert(fc.property(
    fc.array(entry, { minLength: 1, maxLength: 5 }),
    fc.array(fc.nat(600), { maxLength: 8 }),
    (list, cuts) => {
      const bytes = join(...list.flatMap(([message, priority, other]) => [
        field("MESSAGE", message),
        field("OTHER", other),
        field("PRIORITY", priority),
        encode("\n"),
      ]));
      const entries = read(bytes, cuts.filter((cut) => cut < bytes.length));
      assert.deepEqual(
        plain(entries),
        list.map(([message, priority]) => ({ MESSAGE: [...message], PRIORITY: [...priority] })),
      );
    },
  ));
});

Deno.test("ExportReader keeps FIELD_BYTES_MAX of a value and goes on behind it, text or sized", () => {
  for (const feed of [0, 1]) {
    const long = new Uint8Array(FIELD_BYTES_MAX * 3).fill(97);
    if (feed === 1) long[5] = 10;
    const bytes = join(
      field("MESSAGE", long),
      encode("\n"),
      field("MESSAGE", encode("next")),
      encode("\n"),
    );
    const cuts = Array.from({ length: 20 }, (_, i) => (i + 1) * 19_997);
    const [cut, next, ...more] = read(bytes, cuts);
    assert.deepEqual(cut.fields.get("MESSAGE"), long.subarray(0, FIELD_BYTES_MAX));
    assert.deepEqual([cut.cut, next.cut, more.length], [true, false, 0]);
    assert.deepEqual(plain([next]), [{ MESSAGE: [...encode("next")] }]);
  }
});
