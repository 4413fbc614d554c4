import assert from "node:assert/strict";
import fc from "fast-check";
import { type MaskOption, PLAIN, type ShapeOptions } from "./options.ts";
import { Masks } from "./rules.ts";
import { Shaper } from "./shaper.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

interface Line {
  start: number;
  end: number;
  text: string;
}

/** Reads a file as a lane does: in stretches that end anywhere, each from where the one before was clean. */
function read(
  bytes: Uint8Array,
  shape: Partial<ShapeOptions>,
  ends: readonly number[] = [],
  bytesMax = 1000,
  masks: MaskOption[] = [],
) {
  const shaper = new Shaper({ ...PLAIN, ...shape }, new Masks(masks), bytesMax);
  const lines: Line[] = [], counts: Record<string, number> = {};
  let place = 0, start = 0;
  for (const end of [...ends, bytes.length, bytes.length]) {
    const isLast = place > 0 && end === bytes.length;
    if (end < place) continue;
    const shaped = shaper.shape(bytes, place, end, place, isLast, 1000);
    for (let i = 0; i < shaped.lines; i++) {
      const [from, to, accounted] = shaped.marks.subarray(i * 3, i * 3 + 3);
      lines.push({
        start,
        end: place + accounted,
        text: decoder.decode(shaped.bytes.subarray(from, to)),
      });
      start = place + accounted;
    }
    for (const [what, name, number] of shaped.counts) {
      const key = name === "" ? what : `${what} ${name}`;
      counts[key] = (counts[key] ?? 0) + number;
    }
    place += shaped.scanned;
  }
  const rest = shaper.shape(bytes, place, bytes.length, place, true, 1000);
  for (let i = 0; i < rest.lines; i++) {
    const [from, to, accounted] = rest.marks.subarray(i * 3, i * 3 + 3);
    lines.push({
      start,
      end: place + accounted,
      text: decoder.decode(rest.bytes.subarray(from, to)),
    });
    start = place + accounted;
  }
  return { lines, counts, texts: lines.map(({ text }) => text) };
}

const bytesOf = (...lines: string[]) => encoder.encode(lines.map((line) => `${line}\n`).join(""));

Deno.test("Shaper turns UTF-16 of both orders and GBK into UTF-8, CR LF and BOM taken off", () => {
  const text = "一\r\ntwo\n";
  const little = new Uint8Array(2 + text.length * 2), big = new Uint8Array(2 + text.length * 2);
  little.set([0xff, 0xfe]);
  big.set([0xfe, 0xff]);
  for (let i = 0; i < text.length; i++) {
    new DataView(little.buffer).setUint16(2 + i * 2, text.charCodeAt(i), true);
    new DataView(big.buffer).setUint16(2 + i * 2, text.charCodeAt(i), false);
  }
  assert.deepEqual(read(little, { encoding: "utf-16le" }).texts, ["一", "two"]);
  assert.deepEqual(read(big, { encoding: "utf-16be" }).texts, ["一", "two"]);
  const gbk = Uint8Array.of(0xd6, 0xd0, 0xce, 0xc4, 10, 0xff, 0xff, 10);
  const { texts, counts } = read(gbk, { encoding: "gbk" });
  assert.equal(texts[0], "中文");
  assert(counts.invalid > 0);
});

Deno.test("Shaper cuts a GBK line at a character, and skips an over-long one where it is told to", () => {
  const line = Uint8Array.from({ length: 41 }, (_, i) => i === 40 ? 10 : i % 2 ? 0xd0 : 0xd6);
  assert.equal(read(line, { encoding: "gbk" }, [], 17).texts[0], "中".repeat(8));
  const { texts, counts, lines } = read(
    bytesOf("a", "x".repeat(50), "b"),
    { overlong: "skip" },
    [],
    20,
  );
  assert.deepEqual(texts, ["a", "b"]);
  assert.equal(counts.skipped, 1);
  assert.equal(lines[1].start, 2, "what was skipped belongs to the line behind it");
});

Deno.test("Shaper joins the stack traces of each language to the line that they belong to", () => {
  const traces: Record<string, string[]> = {
    java: [
      "10:00 ERROR boom",
      "java.lang.IllegalStateException: x",
      "\tat a.B.c(B.java:1)",
      "Caused by: y",
      "\t... 3 more",
    ],
    python: [
      "ERROR boom",
      "Traceback (most recent call last):",
      '  File "a.py", line 1',
      "ValueError: x",
    ],
    node: [
      "10:00 ERROR boom",
      "TypeError: x is not a function",
      "    at f (a.js:1:2)",
      "    at g (a.js:3:4)",
    ],
    dotnet: [
      "fail: x",
      "System.InvalidOperationException: y",
      "   at A.B() in a.cs:line 3",
      "--- End of stack trace",
    ],
    go: [
      "panic: boom",
      "",
      "goroutine 1 [running]:",
      "main.f(...)",
      "\t/a.go:3 +0x1",
      "exit status 2",
    ],
  };
  for (const [preset, lines] of Object.entries(traces)) {
    const multiline = { preset } as ShapeOptions["multiline"];
    const { texts } = read(bytesOf("10:00 before", ...lines, "10:00 after"), { multiline });
    assert.deepEqual(texts, ["10:00 before", lines.join("\n"), "10:00 after"], preset);
  }
});

Deno.test("Shaper begins events by a pattern, bounds them, and starts again at an event's begin", () => {
  const multiline = { start: "^#" };
  assert.deepEqual(read(bytesOf("#1", "a", "#2"), { multiline }).texts, ["#1\na", "#2"]);
  const { texts } = read(bytesOf("#1", ...Array(30).fill("yyyyyyyyy")), { multiline }, [], 50);
  assert(texts.length > 5 && texts.every((text) => text.length <= 50));
  const shaper = new Shaper({ ...PLAIN, multiline }, new Masks([]), 1000);
  const open = shaper.shape(bytesOf("#1", "#2", "a"), 0, 8, 0, false, 100);
  assert.deepEqual([open.lines, open.consumed, open.scanned], [1, 3, 3]);
});

Deno.test("Shaper unwraps Docker's and the CRI's lines, joins parts, and does not mix the streams", () => {
  const docker = bytesOf(
    '{"log":"one ","stream":"stdout"}',
    '{"log":"error\\n","stream":"stderr"}',
    '{"log":"two\\n","stream":"stdout"}',
    "not wrapped",
  );
  assert.deepEqual(read(docker, { container: "docker" }).texts, [
    "error",
    "one two",
    "not wrapped",
  ]);
  const cri = bytesOf("t stdout P one ", "t stderr F error", "t stdout F two", "t stdout F ");
  assert.deepEqual(read(cri, { container: "cri" }).texts, ["error", "one two", ""]);
  const never = bytesOf(...Array(40).fill("t stdout P aaaa"), "t stdout F end");
  const { texts } = read(never, { container: "cri" }, [], 100);
  assert(texts.length > 2, "bounded where the last part never comes");
  assert.equal(texts.join(""), `${"aaaa".repeat(40)}end`);
});

Deno.test("Shaper drops by named rules, samples by place, masks secrets, and counts each", () => {
  const drop = [{ name: "health", pattern: "GET /health" }];
  const masks: MaskOption[] = [{ name: "pw", preset: "password", replace: "$1***" }];
  const bytes = bytesOf("GET /health", "login password=hunter2 ok", "x");
  const { texts, counts, lines } = read(bytes, { drop }, [], 1000, masks);
  assert.deepEqual(texts, ["login password=$1*** ok", "x"]);
  assert.deepEqual(counts, { "dropped health": 1, "masked pw": 1 });
  assert.equal(lines[0].start, 0);
  const include = [{ name: "errors", pattern: "error" }];
  assert.deepEqual(read(bytesOf("a", "error b"), { include }).texts, ["error b"]);
  const sample = [{ name: "debug", pattern: "^D", oneIn: 10 }];
  const many = bytesOf(...Array.from({ length: 900 }, (_, i) => `D ${i}`), "I");
  const kept = read(many, { sample }).texts;
  assert(kept.length > 40 && kept.length < 200 && kept.includes("I"), `${kept.length} kept`);
});

Deno.test("Shaper makes the same records wherever reading stops and starts again, and accounts for each byte", () => {
  const word = fc.constantFrom(
    "#start",
    " more",
    "t stdout P a",
    "t stdout F b",
    "t stderr P c",
    "t stderr F d",
    "drop me",
    "",
    "x".repeat(45),
    "\0\0nul",
  );
  const shapes = fc.constantFrom<Partial<ShapeOptions>>(
    { multiline: { start: "^#" } },
    { container: "cri" },
    { container: "cri", multiline: { continue: "^ " }, drop: [{ name: "d", pattern: "drop" }] },
    { drop: [{ name: "d", pattern: "drop" }], sample: [{ name: "s", pattern: "x", oneIn: 2 }] },
    { overlong: "skip" },
  );
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 40 }),
      shapes,
      fc.array(fc.nat(600), { maxLength: 6 }),
      (words, shape, stops) => {
        const bytes = bytesOf(...words);
        const ends = stops.filter((stop) => stop < bytes.length).sort((a, b) => a - b);
        const whole = read(bytes, shape, [], 40), parts = read(bytes, shape, ends, 40);
        assert.deepEqual(parts.lines, whole.lines);
        for (const { start, end } of whole.lines) assert(start < end);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("Shaper counts NUL bytes at a line's begin and leaves them out, whole characters of UTF-16", () => {
  const nul = read(bytesOf("\0a", "\0\0\0b", "c\0", "\0"), {});
  assert.deepEqual(nul.texts, ["a", "b", "c\0", ""]);
  assert.equal(nul.counts.nul, 5);
  // Little: "a" is 61 00, U+6100 is 00 61, of which the first byte is no NUL of its own.
  const little = Uint8Array.of(0, 0, 0x61, 0, 10, 0, 0, 0x61, 10, 0, 0, 0, 0, 0x61, 10, 0);
  const wide = read(little, { encoding: "utf-16le" });
  assert.deepEqual(wide.texts, ["a", "\u6100", "\u6100"]);
  assert.equal(wide.counts.nul, 4);
});

Deno.test("Shaper cuts what is longer than the bound, and counts it", () => {
  const lines = bytesOf("x".repeat(20), "y".repeat(21));
  const { texts, counts } = read(lines, {}, [], 20);
  assert.deepEqual(texts, ["x".repeat(20), "y".repeat(20)]);
  assert.deepEqual(counts, { cut: 1 });
  const parts = bytesOf(
    ...["a", "b", "c"].map((one) => `t stdout P ${one.repeat(8)}`),
    "t stdout F ",
  );
  const joinedParts = read(parts, { container: "cri" }, [], 60);
  assert.equal(joinedParts.texts.join(""), "a".repeat(8) + "b".repeat(8) + "c".repeat(8));
});

Deno.test("Shaper gives no more records than asked for, the rest at a flush", () => {
  const shaper = new Shaper(PLAIN, new Masks([]), 1000), bytes = encoder.encode("a\nb\nc\nrest");
  const two = shaper.shape(bytes, 0, bytes.length, 50, false, 2);
  assert.deepEqual([two.lines, two.consumed, two.scanned, two.lineEnd], [2, 4, 4, 4]);
  assert.deepEqual([...two.marks], [0, 1, 2, 1, 2, 4]);
  const later = shaper.shape(bytes, 4, bytes.length, 54, false, 9);
  assert.deepEqual([later.lines, later.consumed, later.scanned, later.lineEnd], [1, 2, 2, 2]);
  const flushed = shaper.shape(bytes, 4, bytes.length, 54, true, 9);
  assert.deepEqual([flushed.lines, flushed.consumed, flushed.scanned], [2, 6, 6]);
  assert.equal(decoder.decode(flushed.bytes), "crest");
  const full = shaper.shape(bytes, 4, bytes.length, 54, true, 1);
  assert.deepEqual([full.lines, full.consumed], [1, 2]);
  const none = shaper.shape(bytes, 6, bytes.length, 56, false, 9);
  assert.deepEqual([none.lines, none.consumed, none.scanned, none.lineEnd], [0, 0, 0, 0]);
  const end = shaper.shape(bytes, 6, 6, 56, true, 9);
  assert.deepEqual([end.lines, end.consumed], [0, 0]);
});

Deno.test("Shaper keeps every byte of many and long lines", () => {
  const lines = Array.from({ length: 300 }, (_, i) => `${i} ${"z".repeat((i * 31) % 200)}`);
  lines[7] = "q".repeat(9000);
  assert.deepEqual(read(bytesOf(...lines), {}, [], 10_000).texts.join("\n"), lines.join("\n"));
});
