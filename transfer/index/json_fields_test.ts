import assert from "node:assert/strict";
import fc from "fast-check";
import { fieldsOf } from "../../core/reading/fields.ts";
import { BulkBody } from "./bulk_body.ts";
import { appendJsonFields } from "./json_fields.ts";

const quick = new BulkBody(1, true);

/** The fields that were written, or undefined where none were: the same by both ways. */
function written(line: string): Record<string, string> | undefined {
  const plain = textOf(new BulkBody(), line);
  assert.equal(textOf(quick, line), plain, "WebAssembly says something else");
  return JSON.parse(plain).fields;
}

function textOf(body: BulkBody, line: string): string {
  const bytes = new TextEncoder().encode(`##${line}"#`);
  body.begin();
  body.ascii('{"x":1');
  const done = appendJsonFields(body, bytes, 2, bytes.length - 2);
  body.ascii("}");
  const text = new TextDecoder().decode(body.take());
  assert.equal(done, JSON.parse(text).fields !== undefined);
  return text;
}

Deno.test("appendJsonFields() writes flat objects from their bytes", () => {
  assert.deepEqual(
    written('{"time":"2026-11-21T00:00:00Z", "n":-12,"f":0.5,\t"ok":true,"no":null,"e":"a\\"\\n"}'),
    {
      time: "2026-11-21T00:00:00Z",
      n: "-12",
      f: "0.5",
      ok: "true",
      no: "null",
      e: 'a"\n',
    },
  );
});

Deno.test("appendJsonFields() leaves to the general way what it does not know", () => {
  for (
    const line of [
      "{}",
      "text",
      "",
      '{"a":{"b":1}}',
      '{"a":[1]}',
      '{"a":1.50}',
      '{"a":1e3}',
      '{"a":-0}',
      '{"a":01}',
      '{"a":0.0000001}',
      '{"a":1234567890123456789}',
      '{"a":"ä"}',
      '{"a":"\\ud800"}',
      '{"a":"\\x"}',
      '{"a":1,"a":2}',
      '{"a":1,"\\u0061":2}',
      '{"":1}',
      '{"a":1,}',
      '{"a":1} more',
      '{"a":1',
      '{"a":"b\u0001"}',
      '{"a":tru}',
      `{"a":"${"x".repeat(9000)}"}`,
      `{${Array.from({ length: 65 }, (_, i) => `"k${i}":1`)}}`,
    ]
  ) {
    assert.equal(written(line), undefined, line.slice(0, 60));
  }
});

Deno.test("appendJsonFields() writes what the general way gives, for any flat object", () => {
  let known = 0;
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom<unknown>([], {}, [1, "a"], { b: 1 }),
  );
  fc.assert(fc.property(
    fc.dictionary(fc.string({ maxLength: 8 }), value, { maxKeys: 6 }),
    fc.constantFrom(undefined, 1),
    (object, indent) => {
      const line = JSON.stringify(object, undefined, indent).replaceAll("\n", " ");
      const found = written(line);
      if (found === undefined) return;
      known++;
      assert.deepEqual(found, { ...fieldsOf(line) });
    },
  ));
  assert.ok(known > 0, "none was known");
});

Deno.test("appendJsonFields() does the same by both ways, for any text that looks like JSON", () => {
  const part = fc.constantFrom(
    ...["{", "}", '"', ":", ",", " ", "\t", "\\", "[", "-", "0", "1", ".", "e", "00", "12.5"],
    ...['"a"', '"a":', '"ab":1', ',"c":"d"', "true", "false", "null", "tru", '\\"', "\\u0041", "ä"],
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.array(part, { maxLength: 8 }), (a, b) => {
      written(`{${a.join("")}`);
      written(`{"k":${a.join("")}${b.join("")}}`);
      written(`{"k":"v"${a.join("")},"l":${b.join("")}}`);
      written(`{"k":${b.join("")},"${a.join("")}":1}`);
    }),
    { numRuns: 3000 },
  );
});
