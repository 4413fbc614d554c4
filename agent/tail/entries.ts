/**
 * What is to be tailed: the JSON array under `/logagent/<ip>/collect_config`, or the same as YAML in a local file.
 * `path` and `topic` alone are enough. A value with any fault is refused whole, with the place of each fault.
 */
import { z } from "zod";
import { choice, duration, text, texts } from "../../core/config/fields.ts";
import { loadSettings } from "../../core/config/load.ts";
import { isZone } from "../../core/reading/zone.ts";
import { lineFields } from "../lines/options.ts";
import { isTopicName, RESERVED_HEADERS } from "../../core/record/headers.ts";

export const entrySchema = z.strictObject({
  path: z.string().max(4096)
    .refine(
      (path) => path.startsWith("/"),
      "Expected an absolute path, such as /var/log/nginx/*.log",
    )
    .refine((path) => !path.split("/").includes(".."), 'Expected a path without ".."')
    .meta({
      description: "Files: an absolute path, with * ? [] {} and ** as in a shell.",
      example: "/var/log/nginx/*.log",
    }),
  topic: z.string()
    .refine(
      isTopicName,
      "Expected a topic name: a-z 0-9 . _ - and at most 181 characters, first a letter or digit",
    )
    .meta({ description: "Kafka topic that the lines go to.", example: "web_log" }),
  exclude: texts([], 100, { description: "Files that are left out: patterns as in path." }),
  from: choice(["start", "end"], "start", {
    description:
      "Where a file begins that was there before its entry was; later ones are read from their begin.",
  }),
  timezone: text("", {
    description:
      "Zone of times in the lines that name none, such as Asia/Shanghai; empty: the host's.",
  })
    .refine((zone) => zone === "" || isZone(zone), "Expected a time zone, such as Asia/Shanghai"),
  fields: z.record(z.string().max(100), z.string().max(1000)).default({})
    .refine((fields) => Object.keys(fields).length <= 32, "Expected 32 fields at most")
    .refine(
      (fields) => !Object.keys(fields).some((name) => RESERVED_HEADERS.has(name)),
      "A field has the name of a header of Weir's own",
    )
    .meta({ description: "Static fields, sent with each line.", example: { env: "prod" } }),
  ignoreOlder: duration(0, 10 * 365 * 86_400_000, "0s", {
    description:
      "A file that was there before its entry and did not change for so long is read from its end; 0: any is read whole.",
  }),
  ...lineFields,
}).meta({ description: "One set of files and where their lines go." });

export const entriesSchema = z.array(entrySchema).max(1000);

export type Entry = z.output<typeof entrySchema>;

/** Parses a value of `collect_config`. Throws CONFIG_INVALID with line, column and what was meant. */
export function parseEntries(source: string, name: string): Entry[] {
  return loadSettings(entriesSchema, source.replaceAll("$", "$$$$"), { name });
}

/**
 * One list out of a host's own entries and those of its groups, in this order: of two for the same path and topic the
 * first holds.
 */
export function mergeEntries(lists: readonly Entry[][]): Entry[] {
  const merged = new Map<string, Entry>();
  for (const entry of lists.flat()) {
    const name = JSON.stringify([entry.path, entry.topic]);
    if (!merged.has(name)) merged.set(name, entry);
  }
  return [...merged.values()];
}

/** Of the entries that want one file, those that hold: of several for the same topic the first. */
export function entriesByTopic(entries: readonly Entry[]): Map<string, Entry> {
  const byTopic = new Map<string, Entry>();
  for (const entry of entries) if (!byTopic.has(entry.topic)) byTopic.set(entry.topic, entry);
  return byTopic;
}

/** Name of what an entry asks for: while it stays, the entry has been searched for before. */
export function seenKey({ path, topic }: Entry): string {
  return `${topic} ${path}`;
}
