import assert from "node:assert/strict";
import * as fc from "fast-check";
import { serverEvents, textLines } from "./event_stream.ts";

const encoder = new TextEncoder();

/** The bytes of `text` in pieces of `size`. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const eventsOf = (text: string, size = 1000) =>
  Array.fromAsync(serverEvents(textLines(pieces(text, size))));

Deno.test("textLines() gives the same lines however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "binary" }).map((text) => text.replace(/[\r\n]/g, ""))),
      fc.integer({ min: 1, max: 7 }),
      async (lines, size) => {
        const wanted = lines.map((line) => line.toWellFormed().replace(/^\ufeff/, ""));
        const sent = wanted.map((line) => `${line}\n`).join("");
        const got = await Array.fromAsync(textLines(pieces(sent, size)));
        assert.deepEqual(
          got,
          sent === "" ? [] : sent.replace(/^\ufeff/, "").slice(0, -1).split("\n"),
        );
      },
    ),
  );
});

Deno.test("textLines() takes CRLF and a last line without an end", async () => {
  assert.deepEqual(await Array.fromAsync(textLines(pieces("a\r\n\r\nlög", 1))), ["a", "", "lög"]);
});

Deno.test("textLines() refuses a line that never ends", async () => {
  await assert.rejects(Array.fromAsync(textLines(pieces("x".repeat(100), 10), 50)), {
    code: "API_ANSWER",
  });
});

Deno.test("serverEvents() reads ids, names and data of several lines, however cut", async () => {
  const text = "retry: 1000\n\n: ping\n\nid: s-1\nevent: lines\ndata: [1,\ndata:2]\n\ndata: 日\n\n";
  for (const size of [1, 2, 5, 1000]) {
    assert.deepEqual(await eventsOf(text, size), [
      { id: "s-1", event: "lines", data: "[1,\n2]" },
      { id: "s-1", event: "message", data: "日" },
    ]);
  }
});

Deno.test("serverEvents() gives no event that the end of the stream cut off", async () => {
  assert.deepEqual(await eventsOf("id: s-1\nevent: lines\ndata: [1]\n"), []);
  assert.equal((await eventsOf("data: 1\n\nid: s-2\ndata: 2")).length, 1);
});

Deno.test("serverEvents() refuses an event that never ends", async () => {
  const lines = async function* () {
    for (;;) yield "data: xxxxxxxxxx";
  };
  await assert.rejects(Array.fromAsync(serverEvents(lines(), 1000)), { code: "API_ANSWER" });
});
