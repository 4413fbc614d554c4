/** Fields of documents at their edges: absent ones, upper and lower case, text and numbers in ranges. */
import assert from "node:assert/strict";
import type { Document } from "../../core/ports/document_store.ts";
import { compileMatch } from "./match.ts";
import { parseQuery } from "./parse.ts";
import { patternPieces, patternTerm } from "./terms.ts";

const line: Document = {
  ...{ _id: "AAAAAAAAAAAAAAAA:0-10", "@timestamp": "2026-11-21T10:00:00Z", message: "Got It" },
  ...{ topic: "app", "host.name": "Web-1", "log.file.path": "/Var/a.log", "log.level": "error" },
  ...{ "log.file.generation": "AAAAAAAAAAAAAAAA", "log.offset": 1200, "log.length": 10 },
  ...{ "event.created": "2026-11-21T10:00:01.000Z", "event.dataset": "app" },
  fields: { status: "503", took: "12.5", user: "Ann", star: "*x", slash: "a\\b" },
};
const { fields: _, ...bare } = line;

function fits(document: Document, yes: string[], no: string[]): void {
  for (const query of yes) assert.equal(compileMatch(parseQuery(query))(document), true, query);
  for (const query of no) assert.equal(compileMatch(parseQuery(query))(document), false, query);
}

Deno.test("compileMatch(): a field is found by its name and behind fields., nowhere else", () => {
  fits(line, ["status:503", "fields.status:503", "status:*"], ["abcdefgstatus:503", "absent:*"]);
  fits(bare, ["topic:app"], [
    "status:503",
    "fields.status:503",
    "status:*",
    "absent:>5",
    "absent:<5",
  ]);
});

Deno.test("compileMatch(): case counts but in message, host and level", () => {
  fits(
    line,
    ["got it", "GOT", "host:web-1", "host:WEB*", "host:W*-1", "level:ERROR", "level:ERR*"],
    [],
  );
  fits(line, ["GO*IT", "user:Ann", "user:A*", "file:/Var/a.log"], [
    "user:ann",
    "user:a*",
    "file:/var*",
  ]);
});

Deno.test("compileMatch(): a range holds its bounds or leaves them out", () => {
  fits(line, ["took:>=12.5", "took:<=12.5", "took:[12.5 TO 12.5]", "took:>12", "took:<13"], [
    ...[
      "took:>12.5",
      "took:<12.5",
      "took:{12.5 TO 13]",
      "took:[12 TO 12.5}",
      "took:<12",
      "took:>13",
    ],
  ]);
  // As numbers, where both are: as texts 9 lies above 12.5.
  fits(line, ["took:>9", "took:<100", "status:>=5.03e2"], ["took:<9", "took:>100"]);
});

Deno.test("compileMatch(): a range of texts goes by their characters", () => {
  fits(line, ["user:>Ana", "user:<Bob", "user:>=Ann", "user:<=Ann", "user:>5"], [
    ...["user:>Ann", "user:<Ann", "user:>Bob", "user:<Ana", "user:<5", "took:>x"],
  ]);
  fits(line, ["took:<x"], []);
});

Deno.test("compileMatch(): a range of times goes by the moment, however it is written", () => {
  fits(line, ["@timestamp:>=2026-11-21T10:00:00.000Z", "@timestamp:<=2026-11-21T11:00:00+01:00"], [
    ...["@timestamp:>2026-11-21T10:00:00.000Z", "@timestamp:<2026-11-21T10:00:00.000Z"],
  ]);
});

Deno.test("compileMatch(): a range of levels goes by their rank", () => {
  const levels = ["trace", "debug", "info", "warn", "error", "fatal"];
  const inside = (query: string) =>
    levels.filter((level) => compileMatch(parseQuery(query))({ ...line, "log.level": level }));
  assert.deepEqual(inside("level:>warn"), ["error", "fatal"]);
  assert.deepEqual(inside("level:>=warn"), ["warn", "error", "fatal"]);
  assert.deepEqual(inside("level:<debug"), ["trace"]);
  assert.deepEqual(inside("level:<=debug"), ["trace", "debug"]);
  assert.deepEqual(inside("level:[debug TO warn]"), ["debug", "info", "warn"]);
  assert.deepEqual(inside("level:{debug TO warn}"), ["info"]);
  assert.deepEqual(inside("level:>=trace"), levels);
  assert.deepEqual(inside("level:<=fatal"), levels);
  for (const query of ["level:<trace", "level:{info TO warn}", "level:[error TO info]"]) {
    assert.throws(() => parseQuery(query), /no level lies in this range/, query);
  }
});

Deno.test("compileMatch(): an escaped star is the character", () => {
  fits(line, ["star:\\**", "star:\\*x", "star:*x", "slash:a\\\\*", "slash:*\\\\b"], [
    "status:\\**",
  ]);
  assert.deepEqual(patternPieces("a*b\\*"), ["a", "b*"]);
  assert.deepEqual(patternPieces("\\\\*"), ["\\", ""]);
  assert.deepEqual(patternPieces("a\\"), ["a\\"]);
  assert.deepEqual(patternTerm("message", "*", [0], true), { kind: "all" });
});
