/** Random queries about the lines of lines.ts: words whole, cut and joined, fields, ranges, logic. */
import type { Query } from "../../core/ports/document_store.ts";
import { regexFault } from "../../search/query/regex.ts";
import type { Random } from "../support/random.ts";

const FIELDS = [
  "log.level",
  "host.name",
  "log.file.path",
  "topic",
  "status",
  "took",
  "fields.path",
  "deep.er",
  "team",
  "log.offset",
  "kafka.offset",
  "@timestamp",
  "log.file.generation",
  "event.dataset",
  "_id",
  "a*b",
  "nowhere",
];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "log.level": ["error", "ERROR", "info", "none"],
  "host.name": ["web-1", "WEB-2", "Dé-3", "DÉ-3", "", "web"],
  "log.file.path": ["/var/log/app.log", "/srv/ä b.log", "", "/var/log"],
  "topic": ["shop", "web_log", "Shop"],
  "status": ["503", "200", "abc", "", "5e2", "500", "99.5"],
  "took": ["12", "99.9", "1000"],
  "fields.path": ["/p/1", "odd", "/p"],
  "log.offset": ["0", "5", "05", "100", "1e2", "x", "40000"],
  "kafka.offset": ["0", "7", "100000"],
  "@timestamp": ["2026-11-21T06:00:01.000Z", "2026-11-21T06:02:00.000Z", "2026-11-21"],
  "log.file.generation": ["AAAAAAAAAAAAAAAA", "shop-0", "shop-1", "web_log-0", "B"],
  "_id": ["AAAAAAAAAAAAAAAA:0-60", "x"],
};
const PATTERNS = [
  "*",
  "w*",
  "*1",
  "*e*",
  "/var/*.log",
  "5*",
  "*0*",
  "?",
  "W*-2",
  "d*",
  "s\\*p",
  "A*A",
];
const REGEXES = [
  "error",
  "tim.*out",
  "\\d+ms$",
  "^2026",
  "(?:refused|reset)",
  "(?i:ERR[a-z]+)",
  "[0-9]{3}",
  "a.b",
  "超时",
  "\\[x\\]",
  "x\\.*y",
  "eb-[12]",
  "^$",
  "5.3",
  "\\p{Lu}{3}",
];

/** A query that the parser could have made. */
export function queryOf(random: Random, words: readonly string[], depth = 3): Query {
  const kind = random.below(depth > 0 ? 12 : 8);
  switch (kind) {
    case 0:
    case 1: {
      const text = pieceOf(random, words);
      return { kind: "word", text, prefix: random.chance(0.3) };
    }
    case 2:
      return { kind: "phrase", text: pieceOf(random, words) };
    case 3:
      return messageQuery(random, words);
    case 4:
    case 5:
    case 6:
    case 7:
      return fieldQuery(random);
    case 8:
    case 9:
    case 10: {
      const parts = Array.from(
        { length: 2 + random.below(2) },
        () => queryOf(random, words, depth - 1),
      );
      return { kind: kind === 8 ? "or" : "and", parts };
    }
    default:
      return { kind: "not", part: queryOf(random, words, depth - 1) };
  }
}

/** A word, some words, or a part of them. */
function pieceOf(random: Random, words: readonly string[]): string {
  let text = random.pick(words);
  if (random.chance(0.3)) text += random.pick([" ", ".", "", "-", ":"]) + random.pick(words);
  if (random.chance(0.2)) text = random.pick([" ", ".", "-", "["]) + text;
  if (random.chance(0.2)) text += random.pick([" ", ".", ":", "]"]);
  const chars = Array.from(text);
  if (random.chance(0.4) && chars.length > 2) {
    const from = random.below(chars.length - 1);
    text = chars.slice(from, from + 1 + random.below(chars.length - from)).join("");
  }
  if (random.chance(0.1)) text = "x".repeat(1 + random.below(200));
  return random.chance(0.2) ? text.toUpperCase() : text;
}

function messageQuery(random: Random, words: readonly string[]): Query {
  if (random.chance(0.5)) return { kind: "regex", field: "message", source: regexOf(random) };
  const pieces = [random.pick(words), random.pick(words)].map((text) =>
    text.replace(/[*\\]/g, "\\$&")
  );
  return { kind: "wildcard", field: "message", pattern: `*${pieces.join("*")}*` };
}

function regexOf(random: Random): string {
  const source = random.pick(REGEXES);
  return regexFault(source) === undefined ? source : "error";
}

function fieldQuery(random: Random): Query {
  const field = random.pick(FIELDS);
  const value = random.pick(VALUES[field] ?? ["1", "x"]);
  switch (random.below(5)) {
    case 0:
      return { kind: "regex", field, source: regexOf(random) };
    case 1:
      return { kind: "wildcard", field, pattern: random.pick(PATTERNS) };
    case 2: {
      const other = random.pick(VALUES[field] ?? ["1", "x"]);
      const [above, below] = [value, other].sort();
      return {
        kind: "range",
        field,
        ...(random.chance(0.7) ? { above } : { below: other }),
        ...(random.chance(0.4) ? { below } : {}),
        aboveInclusive: random.chance(0.5),
        belowInclusive: random.chance(0.5),
      };
    }
    default:
      return { kind: "equals", field, value };
  }
}
