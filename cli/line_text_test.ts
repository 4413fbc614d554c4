import assert from "node:assert/strict";
import { jsonText, LineText } from "./line_text.ts";

const DOCUMENT = {
  _id: "A:0-9",
  topic: "local",
  "@timestamp": "2026-11-21T10:00:00.123Z",
  message: "disk is full",
  "host.name": "web-1",
  "log.file.path": "/var/log/a.log",
  "log.level": "error",
};

const text = (colour = false, zone = "UTC") => new LineText({ colour, zone });

Deno.test("LineText writes time, level, host, file and message on one line, in the zone", () => {
  assert.equal(
    text().render(DOCUMENT),
    "2026-11-21 10:00:00.123 ERROR web-1 /var/log/a.log disk is full\n",
  );
  assert.match(text(false, "Asia/Shanghai").render(DOCUMENT), /^2026-11-21 18:00:00\.123 /);
  assert.equal(
    text().render({ ...DOCUMENT, "log.level": undefined }),
    "2026-11-21 10:00:00.123 -     web-1 /var/log/a.log disk is full\n",
  );
});

Deno.test("LineText indents continuation lines behind their event, and names the file of a lone one", () => {
  const shown = text();
  const next = {
    ...DOCUMENT,
    _id: "A:9-20",
    "event.parent": "A:0-9",
    message: "\tat a.b(C.java:1)",
  };
  assert.match(shown.render(DOCUMENT), /disk is full\n$/);
  assert.equal(shown.render(next), "        at a.b(C.java:1)\n");
  assert.equal(shown.render({ ...next, _id: "A:20-30" }), "        at a.b(C.java:1)\n");
  assert.equal(
    text().render(next),
    "2026-11-21 10:00:00.123 ERROR web-1 /var/log/a.log         at a.b(C.java:1)\n",
  );
  const other = { ...next, topic: "other" };
  assert.match(shown.render(other), /^2026/, "the same id in another topic is another event");
});

Deno.test("LineText indents the further lines of a message, and says where a message is cut", () => {
  const lines = text().render({ ...DOCUMENT, message: "one\r\ntwo\nthree", cut: 20_000 }).split(
    "\n",
  );
  assert.deepEqual(lines.slice(1), [
    "    two",
    "    three",
    "    … cut, 20,000 characters in all",
    "",
  ]);
});

Deno.test("LineText colours on request alone, with what it coloured reset", () => {
  assert(!text().render(DOCUMENT).includes("\x1b"));
  const coloured = text(true).render(DOCUMENT);
  assert(coloured.includes("\x1b[31mERROR\x1b[0m"));
  // deno-lint-ignore no-control-regex
  assert.equal(coloured.replace(/\x1b\[[\d;]*m/g, ""), text().render(DOCUMENT));
});

Deno.test("LineText lets no field move the cursor or forge a line", () => {
  const hostile = "\x1b[2J\x1b[1;1H\x07\b\x7f\x9b31m\u202egnp\u2028x";
  for (const name of ["message", "host.name", "log.file.path", "log.level", "@timestamp"]) {
    const shown = text().render({ ...DOCUMENT, [name]: hostile });
    assert.equal(shown.split("\n").length, 2, name);
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]/.test(shown), `${name}: ${shown}`);
  }
  assert(text().render({ ...DOCUMENT, message: hostile }).includes("\\u001b[2J"));
  assert.equal(
    text().render({ ...DOCUMENT, "host.name": "a\nb" }).split("\n").length,
    2,
    "a line end in another field stays on the line",
  );
});

Deno.test("jsonText() keeps the value and escapes what a terminal obeys", () => {
  const value = { message: "\x1b[2J\x9b31m\u202e日志", n: 1 };
  const line = jsonText(value);
  assert.deepEqual(JSON.parse(line), value);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(line));
});
