import assert from "node:assert/strict";
import fc from "fast-check";
import { parseQuery } from "../../query/parse.ts";
import { addressOf, VIEW_DEFAULT, viewOf } from "./address.ts";
import { plainText, spansOf } from "./ansi.ts";
import { LineBuffer, shownRows } from "./buffer.ts";
import { choiceOf, includedValues, toggleValue, withCondition } from "./edit_query.ts";
import { axisText, countText, shortPath, spanText, timeText } from "./format.ts";
import { Heights } from "./heights.ts";
import { finderOf } from "./highlight.ts";
import { compareRows, type Line, rowOf } from "./line.ts";
import { recentOf, savedOf, withRecent, withView } from "./saved.ts";
import { suggestionsFor } from "./suggest.ts";
import { summaryOf } from "./summary.ts";

const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e9);
const replay = `replay with SEED=${seed}`;

function lineOf(timeMs: number, offset: number, more: Partial<Line> = {}): Line {
  const generation = more["log.file.generation"] ?? "A";
  return {
    _id: `${generation}:${offset}-${offset + 1}`,
    "@timestamp": new Date(timeMs).toISOString(),
    message: `line ${offset}`,
    topic: "app",
    "host.name": "h",
    "log.file.path": "/a",
    "log.file.generation": generation,
    "log.offset": offset,
    "log.length": 1,
    ...more,
  };
}

Deno.test("LineBuffer holds each line once, in order, whatever order they come in", () => {
  const line = fc.tuple(fc.nat(5), fc.nat(30), fc.constantFrom("A", "B"))
    .map(([time, offset, generation]) =>
      lineOf(time, offset, { "log.file.generation": generation })
    );
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 8 }), { maxLength: 12 }), (batches) => {
      const buffer = new LineBuffer();
      const wanted = new Map<string, Line>();
      for (const batch of batches) {
        for (const one of batch) if (!wanted.has(one._id)) wanted.set(one._id, one);
        buffer.add(batch);
      }
      const sorted = [...wanted.values()].map(rowOf).sort(compareRows).map((row) => row.key);
      assert.deepEqual(buffer.rows.map((row) => row.key), sorted, replay);
    }),
    { seed, numRuns: 500 },
  );
});

Deno.test("LineBuffer leaves out live lines older than what it holds while the store has more", () => {
  const buffer = new LineBuffer();
  buffer.add([lineOf(100, 1), lineOf(200, 2)]);
  buffer.hasOlder = true;
  assert.equal(buffer.add([lineOf(50, 0), lineOf(150, 3)], true), 1);
  assert.deepEqual(buffer.rows.map((row) => row.timeMs), [100, 150, 200]);
  buffer.trimOlder(2);
  assert.deepEqual(buffer.rows.map((row) => row.timeMs), [150, 200]);
  assert.equal(buffer.add([lineOf(100, 1)]), 1, "a trimmed line can be loaded again");
  buffer.trimNewer(1);
  assert.equal(buffer.hasNewer, true);
});

Deno.test("LineBuffer drops what lies before a time, and takes it again", () => {
  const buffer = new LineBuffer();
  buffer.add([lineOf(100, 1), lineOf(200, 2), lineOf(300, 3)]);
  assert.equal(buffer.dropBefore(100), false);
  assert.equal(buffer.dropBefore(201), true);
  assert.deepEqual(buffer.rows.map((row) => row.timeMs), [300]);
  assert.equal(buffer.add([lineOf(200, 2)]), 1);
  assert.equal(buffer.dropBefore(1000), true);
  assert.deepEqual(buffer.rows, []);
});

Deno.test("LineBuffer begins anew without a hole, and keeps what came in meanwhile", () => {
  const buffer = new LineBuffer();
  // Lines 2 and 3 were left out by sampling; 6 came while 1 to 5 were read again.
  buffer.add([0, 1, 4, 5, 6].map((offset) => lineOf(offset, offset)));
  buffer.restart([5, 4, 3, 2, 1].map((offset) => lineOf(offset, offset)));
  assert.deepEqual(buffer.rows.map((row) => row.timeMs), [1, 2, 3, 4, 5, 6]);
  buffer.restart([]);
  assert.equal(buffer.rows.length, 0);
});

Deno.test("shownRows() hides continuation lines behind their first line, counted", () => {
  const parent = "A:0-1";
  const rows = [
    lineOf(1, 0),
    lineOf(1, 1, { "event.parent": parent }),
    lineOf(1, 2, { "event.parent": parent }),
    lineOf(2, 3),
    lineOf(3, 4, { "event.parent": "A:9-9" }),
  ].map(rowOf);
  const folded = shownRows(rows, true, new Set());
  assert.deepEqual(
    folded.map(({ row, folded, continues }) => [row.line["log.offset"], folded, continues]),
    [
      [0, 2, false],
      [3, 0, false],
      [4, 0, true],
    ],
  );
  const open = shownRows(rows, true, new Set([rows[0].key]));
  assert.deepEqual(open.map(({ row }) => row.line["log.offset"]), [0, 1, 2, 3, 4]);
  assert.equal(open[0].unfolded, true);
});

Deno.test("Heights finds the row at each distance, measured or not", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 }),
      (all) => {
        const heights = new Heights(10);
        const keys = all.map((_, i) => String(i));
        heights.setKeys(keys);
        all.forEach((height, i) => i % 2 === 0 && heights.measure(String(i), height));
        let top = 0;
        all.forEach((height, i) => {
          const own = i % 2 === 0 ? height : 10;
          assert.equal(heights.top(i), top, replay);
          assert.equal(heights.at(top), i, replay);
          assert.equal(heights.at(top + own - 0.5), i, replay);
          top += own;
        });
        assert.equal(heights.total, top);
        assert.equal(heights.at(top + 100), all.length - 1);
      },
    ),
    { seed, numRuns: 200 },
  );
});

Deno.test("spansOf() makes colours classes and shows what could act", () => {
  const spans = spansOf("a \u001b[1;31mred\u001b[0m b\u001b[2J\u001b]0;title\u0007c");
  assert.deepEqual(spans.map(({ text, className }) => [text, className]), [
    ["a ", ""],
    ["red", "ansi-bold ansi-c1"],
    [" b", ""],
    ["c", ""],
  ]);
  assert.equal(plainText("a\u202eb\u0000\rc\u007f\u200b\td"), "a⟨U+202E⟩b␀␍c␡⟨U+200B⟩\td");
  assert.equal(plainText("\u001b[38;5;200mx\u001b[48;2;1;2;3my"), "xy");
  assert.equal(spansOf("\u001b[38;5;1mx")[0].className, "");
});

Deno.test("plainText() of anything holds no control character but the tab and the line feed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(
        plainText(text),
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/,
        replay,
      );
    }),
    { seed, numRuns: 1000 },
  );
});

Deno.test("finderOf() finds what the query looked for, merged, without what it excludes", () => {
  const find = finderOf(parseQuery('time* "out of" -memory /m\\w+y/ level:error'));
  const text = "Timeout: out of memory";
  assert.deepEqual(find(text).map(([from, to]) => text.slice(from, to)), [
    "Time",
    "out of",
    "memory",
  ]);
  assert.deepEqual(finderOf({ kind: "all" })("x"), []);
  assert.deepEqual(finderOf({ kind: "all" }, "B")("abab"), [[1, 2], [3, 4]]);
  assert.equal(finderOf(parseQuery("a"))("a ".repeat(5000)).length, 100);
});

Deno.test("toggleValue() includes, adds up, excludes and takes back", () => {
  let q = toggleValue("timeout", "level", "error", "include");
  assert.equal(q, "timeout level:error");
  q = toggleValue(q, "level", "fatal", "include");
  assert.equal(q, "timeout level:(error OR fatal)");
  assert.deepEqual(includedValues(q, "level"), ["error", "fatal"]);
  q = toggleValue(q, "level", "error", "exclude");
  assert.equal(q, "timeout level:fatal -level:error");
  assert.equal(choiceOf(q, "level", "error"), "exclude");
  assert.equal(choiceOf(q, "log.level", "fatal"), "include");
  q = toggleValue(q, "level", "error", "exclude");
  q = toggleValue(q, "level", "fatal", "include");
  assert.equal(q, "timeout");
  assert.equal(toggleValue("timeout", "x", 'a "b"', "include"), 'timeout x:"a \\"b\\""');
  assert.equal(toggleValue("(broken", "x", "y", "include"), "(broken");
  assert.equal(toggleValue("level:error", "level", "error", "include"), "");
  assert.equal(withCondition("a OR b", "level:error"), "(a OR b) level:error");
});

Deno.test("addressOf() and viewOf() keep every view", () => {
  const view = {
    q: 'a & b="c" 超时',
    since: "-2h",
    until: "2026-11-21T10:00:00Z",
    line: "1~G~2~topic",
    columns: ["host.name", "status"],
    widths: { "host.name": 120 },
    wrap: true,
    roomy: true,
    zone: "host" as const,
    mark: "x y",
    archive: true,
  };
  assert.deepEqual(viewOf(addressOf(view)), view);
  assert.equal(addressOf(VIEW_DEFAULT), "");
  assert.deepEqual(viewOf("?widths=a~9,b~x,~80,c~9999,d.e~80").widths, { "d.e": 80 });
  assert.deepEqual(viewOf("?columns="), { ...VIEW_DEFAULT, columns: [] });
  assert.deepEqual(viewOf(addressOf({ ...VIEW_DEFAULT, columns: [] })).columns, []);
});

Deno.test("suggestionsFor() offers names, then values, quoted where needed", async () => {
  const values = (field: string) =>
    Promise.resolve(field === "status" ? ["200", "503"] : ["a b", "web-1"]);
  const labels = async (text: string, cursor = text.length) =>
    (await suggestionsFor(text, cursor, ["status", "user"], values)).map(({ text }) => text);
  assert.deepEqual(await labels("timeout sta"), ["timeout status:"]);
  assert.deepEqual(await labels("-sta"), ["-status:"]);
  assert.deepEqual(await labels("status:5"), ["status:503 "]);
  assert.deepEqual(await labels("host:"), ['host:"a b" ', "host:web-1 "]);
  assert.deepEqual(await labels('host:"a'), ['host:"a b" ']);
  assert.deepEqual(await labels("level:e"), ["level:error ", "level:trace ", "level:debug "]);
  assert.deepEqual(await labels(""), []);
  assert.deepEqual(await labels("status", 3), [], "not inside a word");
  assert.deepEqual(await labels("sta OR x", 3), ["status: OR x"]);
});

Deno.test("summaryOf() puts what a line of JSON says before its fields", () => {
  const fields = { time: "t", level: "info", msg: "took long", ms: "5", user: "a b" };
  const line = lineOf(0, 0, { message: '{"msg":"x"}', fields });
  assert.equal(summaryOf(line), 'took long  ms=5  user="a b"');
  assert.equal(summaryOf(lineOf(0, 0, { message: "a msg=x", fields })), "a msg=x");
  assert.equal(summaryOf(lineOf(0, 0, { message: "{}", fields: {} })), "{}");
});

Deno.test("times, counts and paths are short and exact", () => {
  const ms = Date.UTC(2026, 10, 21, 10, 2, 3, 456);
  assert.equal(timeText(ms, "utc"), "2026-11-21 10:02:03.456");
  assert.equal(timeText(ms, "local").length, 23);
  assert.equal(timeText(NaN, "utc"), "");
  assert.equal(axisText(ms, 3_600_000, "utc"), "10:02");
  assert.equal(axisText(ms, 5 * 86_400_000, "utc"), "2026-11-21");
  assert.deepEqual([950, 12_345, 4_500_000].map(countText), ["950", "12.3 k", "4.5 M"]);
  // Just below a step: neither "100.0 k" nor "1000 k".
  assert.deepEqual([99_970, 999_600, 99_960_000].map(countText), ["100 k", "1.0 M", "100 M"]);
  assert.equal(shortPath("/var/log/nginx/access.log"), "…/nginx/access.log");
  assert.deepEqual([250, 30_000, 7_200_000].map(spanText), ["250 ms", "30 s", "2 h"]);
});

Deno.test("saved views and recent queries are bounded, named once, and safe to read", () => {
  const one = { name: "errors", address: "?q=level%3Aerror" };
  let views = withView(savedOf(""), one);
  views = withView(views, { name: "all", address: "" });
  views = withView(views, { ...one, address: "?q=x" });
  assert.deepEqual(savedOf(JSON.stringify(views)), [
    { name: "errors", address: "?q=x" },
    { name: "all", address: "" },
  ]);
  const hostile = [{ name: "x", address: "javascript:alert(1)" }, 5, null, {
    name: "",
    address: "",
  }];
  assert.deepEqual(savedOf(JSON.stringify(hostile)), []);
  assert.deepEqual(savedOf('{"a":1}'), []);
  let recent = recentOf("nonsense");
  for (let i = 0; i < 30; i++) recent = withRecent(recent, `q${i % 25}`);
  assert.equal(recent.length, 20);
  assert.equal(recent[0], "q4");
  assert.deepEqual(withRecent(["a", "b"], "b"), ["b", "a"]);
  assert.deepEqual(withRecent(["a"], ""), ["a"]);
});
