/**
 * What the operator says of single topics: a list of rules, kept in etcd under one key or in a local
 * file, and changed while the transfer runs. A value with any fault is refused whole, with the place
 * of each fault. The first rule whose `topic` fits is the topic's; a topic without one follows the
 * settings file.
 */
import { z } from "zod";
import { bytes, choice, flag, group, integer, text } from "../../core/config/fields.ts";
import { loadSettings } from "../../core/config/load.ts";
import { messageOf } from "../../core/errors.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { isZone } from "../../core/reading/zone.ts";
import { templateFault } from "../index/names.ts";
import { timeFormat } from "./time_format.ts";

export const ARCHIVE_FORMATS = ["parquet", "ndjson", "both", "none"] as const;
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
const BUILT_IN = ["quota", "tombstone", "not_indexed"];
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Named groups of a regular expression. Throws SyntaxError where it is none. */
export function groupNames(pattern: string): string[] {
  const empty = new RegExp(`${pattern}|`).exec("");
  return Object.keys(empty?.groups ?? {});
}

const faultOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};

const part = (description: string) =>
  z.string().regex(/^[a-z0-9][a-z0-9._]{0,99}$/, "Expected a-z 0-9 . _ and at most 100 characters")
    .meta({ description });

const parse = group({
  format: choice(["auto", "none", "json", "logfmt", "regex"], "auto", {
    description:
      "How lines are read. auto: as each line looks; none: the line is its message and nothing else; regex: by pattern.",
  }),
  pattern: text("", {
    description:
      "Regular expression whose named groups become fields; a line that it does not fit is kept and counted.",
    example: "^(?<client>\\S+) (?<status>\\d+)",
  }),
  time: text("", {
    description: "Field that holds the line's time; empty: the time found in the line.",
  }),
  timeFormat: text("", {
    description:
      "How that time is written: %Y %m %d %H %M %S %f %z %b %y %e %j %p %I %s %L %% as in strptime, epoch_s or epoch_ms; empty: any form that is known.",
    example: "%d/%b/%Y:%H:%M:%S %z",
  }),
  timezone: text("", {
    description: "Zone of times that name none; empty: the record's.",
    example: "Asia/Shanghai",
  }).refine((zone) => zone === "" || isZone(zone), "Expected a time zone, such as Asia/Shanghai"),
  level: text("", {
    description: "Field that holds the line's level; empty: the level found in the line.",
  }),
  levels: z.record(z.string().max(64), z.enum(LEVELS)).default({}).meta({
    description: "Levels by the texts of that field, where they are not the usual ones.",
    example: { W: "warn" },
  }),
}, { description: "How lines of the topic are read." });

const drop = z.strictObject({
  name: z.string().regex(NAME, "Expected a name: a-z 0-9 _ - and at most 64 characters")
    .meta({ description: "Name of the rule, in the counter of what it drops." }),
  contains: text("", { description: "Text that the line holds." }),
  matches: text("", { description: "Regular expression that the line fits." })
    .refine((source) => faultOf(() => new RegExp(source)) === undefined, {
      message: "Expected a regular expression",
    }),
  below: z.enum(LEVELS).optional().meta({
    description: "Level below which the line is; lines without a level are not.",
  }),
  path: text("", { description: "Path of the file; * stands for any characters." }),
  field: text("", { description: "Name of a field that is equal to `equals`." }),
  equals: text("", { description: "Value of `field`." }),
}).refine(
  (rule) => rule.contains + rule.matches + (rule.below ?? "") + rule.path + rule.field !== "",
  "Expected a condition: contains, matches, below, path or field",
);

const quota = group({
  linesPerSecond: integer(0, 1e9, 0, { description: "Most lines a second; 0: no bound." }),
  bytesPerSecond: bytes(0, 1e12, "0", { description: "Most bytes of lines a second." }),
  linesPerDay: integer(0, 1e12, 0, { description: "Most lines a day (UTC)." }),
  bytesPerDay: bytes(0, 1e15, "0", { description: "Most bytes of lines a day (UTC)." }),
  over: choice(["wait", "drop"], "wait", {
    description:
      "What becomes of more. wait: it stays in Kafka until there is room; drop: it is dropped and counted under the rule `quota`.",
  }),
}, { description: "Bounds of the topic, shared by all transfers according to their partitions." });

const retention = group({
  days: integer(0, 36_500, 0, {
    description: "Days that an index is kept beside the one of today; 0: for ever.",
  }),
  bytes: bytes(0, 1e15, "0", {
    description:
      "Bytes of all indices of the topic, replicas not counted; beyond that the oldest are deleted. 0: no bound.",
  }),
}, { description: "When whole indices are deleted." });

export const ruleSchema = z.strictObject({
  topic: z.string().regex(
    /^[A-Za-z0-9._*-]{1,249}$/,
    "Expected a topic; * stands for any characters",
  )
    .meta({ description: "Topic; * stands for any characters.", example: "web_log" }),
  index: text("", {
    description:
      "Name of an index, with {topic}, {day}, {dataset}, {namespace}; {topic} must be in it. Empty: as in the settings file.",
  }),
  document: z.enum(["full", "minimal"]).optional().meta({
    description:
      "full: ECS fields; minimal: exactly topic and data. Left out: as in the settings file.",
  }),
  dataStream: flag(false, { description: "Write to a data stream instead of daily indices." }),
  dataset: part("event.dataset and data_stream.dataset; left out: the topic.").optional(),
  namespace: part("data_stream.namespace; left out: default.").optional(),
  parse,
  fields: z.enum(["auto", "none"]).optional().meta({
    description: "none: fields are not written. Left out: as in the settings file.",
  }),
  drop: z.array(drop).max(32).default([]).meta({ description: "Lines that are not written." }),
  retention: retention,
  indexed: flag(true, {
    description:
      "false: lines go to the archive alone; needs archive.location in the settings file.",
  }),
  archive: z.enum(ARCHIVE_FORMATS).optional().meta({
    description: "What is archived. Left out: as in the settings file.",
  }),
  archiveDays: integer(0, 36_500, 0, {
    description: "Days that the archive keeps the topic's objects; 0: as in the settings file.",
  }),
  quota,
}).superRefine((rule, context) => {
  const fault = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  if (rule.index !== "") {
    const found = templateFault(rule.index, rule.dataStream);
    if (found !== undefined) fault(["index"], found);
  }
  if (rule.dataStream && rule.document === "minimal") {
    fault(["document"], "A data stream takes full documents: it needs @timestamp");
  }
  parseFaults(rule.parse, fault);
  const names = rule.drop.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fault(["drop"], `Two rules have the name "${twice}"`);
  if (names.some((name) => BUILT_IN.includes(name))) {
    fault(["drop"], "quota, tombstone and not_indexed are names of built-in rules");
  }
}).meta({ description: "What holds for one topic, or for those that a pattern means." });

function parseFaults(
  parse: { format: string; pattern: string; time: string; timeFormat: string; level: string },
  fault: (path: string[], message: string) => void,
): void {
  if (parse.format === "regex") {
    let names: string[] = [];
    const wrong = faultOf(() => names = groupNames(parse.pattern));
    if (wrong !== undefined) fault(["parse", "pattern"], wrong);
    else if (names.length === 0) {
      fault(["parse", "pattern"], "Expected a regular expression with named groups: (?<name>…)");
    } else {
      for (const key of ["time", "level"] as const) {
        if (parse[key] !== "" && !names.includes(parse[key])) {
          fault(["parse", key], `The pattern has no group "${parse[key]}"; it has ${names}`);
        }
      }
    }
  } else if (parse.pattern !== "") {
    fault(["parse", "pattern"], "A pattern needs `format: regex`");
  }
  if (parse.timeFormat !== "") {
    if (parse.time === "") fault(["parse", "timeFormat"], "A format needs the field: `time`");
    const wrong = faultOf(() => timeFormat(parse.timeFormat));
    if (wrong !== undefined) fault(["parse", "timeFormat"], wrong);
  }
  if ((parse.time !== "" || parse.level !== "") && parse.format === "none") {
    fault(["parse", "format"], "time and level name fields, and `format: none` finds none");
  }
}

export const rulesSchema = z.array(ruleSchema).max(10_000);

export type TopicRule = z.output<typeof ruleSchema>;
export type DropRuleSettings = TopicRule["drop"][number];
export type ParseSettings = TopicRule["parse"];
export type Quota = TopicRule["quota"];
export type ArchiveRule = typeof ARCHIVE_FORMATS[number];
export type Retention = TopicRule["retention"];

/** Parses a list of rules. Throws CONFIG_INVALID with line, column and what was meant. */
export function parseRules(source: string, name: string): TopicRule[] {
  return loadSettings(rulesSchema, source.replaceAll("$", "$$$$"), { name });
}

/** The rule of a topic that no rule means. */
export const NO_RULE: TopicRule = ruleSchema.parse({ topic: "*" });

/** Code of a level by its name. */
export function levelCode(name: typeof LEVELS[number]): number {
  return LEVEL_NAMES.indexOf(name);
}
