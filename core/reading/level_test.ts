import assert from "node:assert/strict";
import {
  findLevel,
  isLevelKey,
  LEVEL_NAMES,
  levelOfAccess,
  levelOfNumber,
  levelOfSeverity,
  levelOfWord,
} from "./level.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const word = (text: string) => {
  const bytes = bytesOf(`x${text}x`);
  return LEVEL_NAMES[levelOfWord(bytes, 1, bytes.length - 1)];
};
/** Of a line between others, behind a time or not. */
const find = (text: string, timed = true) => {
  const bytes = bytesOf(`a${text}a`);
  return LEVEL_NAMES[findLevel(bytes, 1, bytes.length - 1, timed)];
};

const WORDS: Record<string, string> = {
  trace: "trace trc finest finer verbose",
  debug: "debug dbg fine",
  info: "info inf information informational notice",
  warn: "warn warning wrn",
  error: "error err eror severe dpanic",
  fatal: "fatal ftl critical crit emerg emergency alert panic",
};

Deno.test("levelOfWord() knows each word in any case, and no other", () => {
  for (const [level, words] of Object.entries(WORDS)) {
    for (const one of words.split(" ")) {
      assert.equal(word(one), level, one);
      assert.equal(word(one.toUpperCase()), level, one);
      assert.equal(word(`${one[0].toUpperCase()}${one.slice(1)}`), level, one);
      assert.equal(word(`${one}q`), "", one);
      assert.equal(word(one.slice(0, -1) + "q"), "", one);
      assert.equal(word(`q${one.slice(1)}`), "", one);
    }
  }
  for (const one of ["", "i", "in", "8nfo", "\x09nfo", "information!!", "informationals"]) {
    assert.equal(word(one), "", one);
  }
});

Deno.test("levelOfNumber() reads those of pino and of syslog", () => {
  const levels = [0, 2, 3, 4, 5, 6, 7, 10, 20, 21, 30, 40, 50, 60, 61, 99].map((value) =>
    LEVEL_NAMES[levelOfNumber(value)]
  );
  assert.deepEqual(levels, [
    ...["fatal", "fatal", "error", "warn", "info", "info", "debug"],
    ...["trace", "debug", "info", "info", "warn", "error", "fatal", "fatal", "fatal"],
  ]);
  assert.equal(LEVEL_NAMES[levelOfSeverity(8)], "info");
});

Deno.test("findLevel() takes words in capitals anywhere, others in brackets, before a colon or first", () => {
  const cases: [string, string, string?][] = [
    // text, behind a time, and without one where that is another
    ["ERROR x", "error"],
    ["a b ERROR", "error"],
    ["a b error c", ""],
    ["error c", "error", ""],
    ["77 error c", "error", ""],
    ["main error c", ""],
    ["Main 77 error c", ""],
    ["a [error] c", "error"],
    ["a <warn> c", "warn"],
    ["a warn: c", "warn"],
    ["a warn::c", "warn"],
    ["a warn:", "warn"],
    ["a warn:c", ""],
    ["a ERROR:c", ""],
    ["a Warn c", ""],
    ["a WArn c", ""],
    ["a WARn c", ""],
    ["a WARN INFO", "warn"],
    ["no-ERROR my.ERROR a/ERROR $ERROR", ""],
    ["ERROR-1 ERROR/a ERROR=1 ERROR$", ""],
    ["ERROR.log", ""],
    ["ERROR.", "error"],
    ["ERROR. x", "error"],
    ['a "ERROR" c', ""],
    ['a "ERROR c', "error"],
    ["a level=error c", "error"],
    ["a lvl=warn c", "warn"],
    ["a severity=info", "info"],
    ["a xlevel=error c", ""],
    ["a color=error c", ""],
    ["level=error", "error"],
    ["=error", ""],
  ];
  for (const [text, timed, plain = timed] of cases) {
    assert.equal(find(text), timed, `behind a time: ${text}`);
    assert.equal(find(text, false), plain, text);
  }
});

Deno.test("findLevel() looks at 128 bytes, and at a word that begins there to its end", () => {
  const at = (before: number) => find(`${"-".repeat(before - 1)} ERROR x`);
  assert.equal(at(120), "error");
  assert.equal(at(127), "error");
  assert.equal(at(128), "");
  const bytes = bytesOf("an ERRORS");
  assert.equal(findLevel(bytes, 0, bytes.length - 1, false), 5, "nothing behind the end counts");
  assert.equal(findLevel(bytesOf("-ERROR"), 1, 6, false), 5, "nor before the begin");
  assert.equal(findLevel(bytesOf("a ERROR.x"), 0, 8, false), 5);
  assert.equal(findLevel(bytesOf("a WARN:x"), 0, 7, false), 4);
});

Deno.test("isLevelKey() takes the whole name alone", () => {
  const names = "level lvl severity loglevel log_level levelname log.level @level @l severityText";
  for (const name of [...names.split(" "), "severity_text"]) {
    const bytes = bytesOf(`x${name}x`);
    assert.equal(isLevelKey(bytes, 1, bytes.length - 1), true, name);
    assert.equal(isLevelKey(bytes, 0, bytes.length - 1), false, name);
    assert.equal(isLevelKey(bytes, 1, bytes.length), false, name);
    assert.equal(isLevelKey(bytes, 1, bytes.length - 2), false, name);
  }
});

Deno.test("levelOfAccess() goes by the status behind the request", () => {
  const of = (text: string) => LEVEL_NAMES[levelOfAccess(bytesOf(text), 1, bytesOf(text).length)];
  for (
    const [text, level] of [
      [' "GET /" 500 12', "error"],
      [' "GET /" 404', "warn"],
      [' "GET /" 404 1', "warn"],
      [' "GET /" 200 1', ""],
      [' "GET /" 301 1', ""],
      [' "GET \\" x" 503 1', "error"],
      [' "GET \\\\" 503 1', "error"],
      [' - "G" 599 1', "error"],
      [' "G" 4041', ""],
      [' "G" 4x4 1', ""],
      [' "G" 4/4 1', ""],
      [' "G" 4:4 1', ""],
      [' "G" 409 1', "warn"],
      [' "G" 490 1', "warn"],
      [' "G" 50', ""],
      [' "G"  500 1', ""],
      [' "G"-500 1', ""],
      [' "G', ""],
      [" none", ""],
      [" ", ""],
    ]
  ) assert.equal(of(text), level, text);
});
