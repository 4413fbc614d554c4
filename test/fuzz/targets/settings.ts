/**
 * Settings files (YAML) and what stands in etcd (JSON): any text is taken or refused with CONFIG_INVALID, never with
 * anything else; what is taken, written and read again, is the same; a value of etcd says nothing of the environment.
 */
import { stringify } from "yaml";
import { entriesSchema, parseEntries } from "../../../agent/tail/entries.ts";
import { KEY_FORMS, SPECIFICATIONS } from "../../../cli/specifications.ts";
import { loadSettings } from "../../../core/config/load.ts";
import { asWritten } from "../../../core/config/reference.ts";
import { decodeCandidate } from "../../../core/fleet/candidate_schema.ts";
import { parseRules } from "../../../transfer/topics/rules.ts";
import { must, mustEqual, type Target, textOf } from "../target.ts";
import { isWeirError } from "./documented.ts";

const SECRET = "not-for-etcd";
const env = (name: string) => name === "HOME_SECRET" ? SECRET : undefined;
const FILES = ["agent", "transfer", "monitor", "page", "users"] as const;

const WORDS = [
  "listen: ",
  "kafka:\n  brokers: [a:9092]\n",
  "tls: {enabled: true}",
  "shutdown: 10s",
  "shutdown: 10",
  "${HOME_SECRET}",
  "${X:-1}",
  "$$",
  "*a",
  "&a ",
  "<<: *a",
  "!!js/function ",
  "!!binary ",
  "- ",
  "? ",
  ": ",
  "# ",
  "|\n",
  "{",
  "}",
  "[",
  "]",
  '"',
  "---\n",
  "null",
  "~",
  ".inf",
  "0x1F",
  "1e999",
  "2026-11-21",
  "__proto__: ",
  '{"__proto__":',
  '"path":',
  '"topic":',
  '"constructor"',
];

export const files: Target = {
  name: "settings",
  what: "core/config/load.ts with the specification of each program",
  words: WORDS,
  bytesMax: 2048,
  cases: 1200,
  run(input) {
    const text = textOf(input);
    // The first character says whose settings they are, as a comment.
    const program = FILES[(input[1] ?? 0) % FILES.length];
    const { schema } = SPECIFICATIONS[program];
    return `${program} ${
      taken(() => loadSettings(schema, text, { name: "file", env }), (value) => {
        const again = loadSettings(
          schema,
          stringify(asWritten(schema, value)).replaceAll("$", "$$$$"),
          {
            name: "again",
          },
        );
        mustEqual(again, value, `the settings of ${program} read again`);
      })
    }`;
  },
};

export const values: Target = {
  name: "values",
  what:
    "what stands in etcd: collect_config, rules of topics, candidates, registrations, questions",
  words: WORDS,
  bytesMax: 2048,
  cases: 1500,
  run(input) {
    const text = textOf(input);
    const check = (value: unknown) => {
      must(!JSON.stringify(value).includes(SECRET), () => "a value of etcd read the environment");
    };
    const entries = taken(() => parseEntries(text, "etcd"), (entries) => {
      check(entries);
      mustEqual(
        parseEntries(JSON.stringify(asWritten(entriesSchema, entries)), "again"),
        entries,
        "entries read again",
      );
      for (const { path, topic } of entries) {
        must(path.startsWith("/") && !path.split("/").includes(".."), () => `the path is ${path}`);
        must(/^[a-z0-9._-]{1,181}$/.test(topic), () => `the topic is ${topic}`);
      }
    });
    const rules = taken(() => parseRules(text, "etcd"), (rules) => {
      check(rules);
      mustEqual(parseRules(JSON.stringify(rules), "again"), rules, "rules read again");
    });
    const candidate = decodeCandidate(text) === undefined ? "" : "candidate";
    const forms = Object.values(KEY_FORMS).map(({ schema }) =>
      schema.safeParse(json(text)).success
    );
    return `${entries} ${rules} ${candidate} ${forms.indexOf(true)}`;
  },
};

/** How a text was taken: "taken", or the first words of why not. */
function taken<T>(read: () => T, check: (value: T) => void): string {
  let value: T;
  try {
    value = read();
  } catch (error) {
    const { code, message } = isWeirError(error);
    must(code === "CONFIG_INVALID", () => `the code is ${code}`);
    must(message.length < 50_000, () => `the message has ${message.length} characters`);
    const first = message.split("\n")[1] ?? "";
    return first.replace(/^\S+ /, "").replace(/"[^"]*"|\d+/g, "").slice(0, 60);
  }
  check(value);
  return "taken";
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
