import assert from "node:assert/strict";
import fc from "fast-check";
import { FIELDS_MAX, fieldsOf, NAME_CHARS_MAX, VALUE_CHARS_MAX } from "./fields.ts";

const plain = (line: string) => {
  const fields = fieldsOf(line);
  return fields === undefined ? undefined : { ...fields };
};

Deno.test("fieldsOf() flattens JSON to text", () => {
  assert.deepEqual(plain('{"a":1,"b":{"c":[1,"x"],"d":null},"e":true,"f":[{"g":1}],"h":{}}'), {
    a: "1",
    "b.c": "1,x",
    "b.d": "null",
    e: "true",
    f: '[{"g":1}]',
  });
});

Deno.test("fieldsOf() reads logfmt", () => {
  assert.deepEqual(plain('time="2026-11-21T04:15:26Z" level=info msg="a \\"b\\" c" empty= n=3'), {
    time: "2026-11-21T04:15:26Z",
    level: "info",
    msg: 'a "b" c',
    empty: "",
    n: "3",
  });
});

Deno.test("fieldsOf() finds nothing in other lines", () => {
  for (const line of ["", "  ", "text with a=b", "a=b", "[1,2]", '{"a":', "{}", "2026 a=b c=d"]) {
    assert.equal(fieldsOf(line), undefined, line);
  }
});

Deno.test("fieldsOf() is bounded whatever the line holds", () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]));
  assert.equal(Object.keys(fieldsOf(JSON.stringify(many))!).length, FIELDS_MAX);
  const pairs = Array.from({ length: 500 }, (_, i) => `k${i}=v`).join(" ");
  assert.equal(Object.keys(fieldsOf(pairs)!).length, FIELDS_MAX);
  const long = fieldsOf(
    JSON.stringify({ ["n".repeat(NAME_CHARS_MAX + 1)]: 1, v: "x".repeat(9000) }),
  )!;
  assert.deepEqual(Object.keys(long), ["v"]);
  assert.equal(long.v.length, VALUE_CHARS_MAX);
  const deep = '{"a":'.repeat(50) + "1" + "}".repeat(50);
  assert.deepEqual(Object.keys(fieldsOf(deep)!), ["a.a.a.a.a.a.a.a"]);
});

Deno.test("fieldsOf() keeps names that mean something to JavaScript as names", () => {
  const fields = fieldsOf('{"__proto__":{"polluted":1},"constructor":"x","toString":"y"}')!;
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.equal(fields["__proto__.polluted"], "1");
  assert.equal(fields.constructor as unknown as string, "x");
  assert.equal(Object.getPrototypeOf(fields), null);
});

Deno.test("fieldsOf() takes any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
    for (const line of [text, `{${text}`, `a=${text}`, `a="${text} b=c`]) {
      const fields = fieldsOf(line);
      assert.ok(fields === undefined || Object.keys(fields).length <= FIELDS_MAX);
    }
  }));
});
