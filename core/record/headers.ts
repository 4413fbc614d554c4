/**
 * The Kafka record of a line, by name: which header says what. Writers and readers both take the names from
 * here; docs/record-format.md is the page for other consumers.
 */

/** Version of the record format, in `weir.v`. */
export const RECORD_VERSION = "1";

export const HEADER = {
  host: "host.name",
  path: "log.file.path",
  offset: "log.offset",
  length: "log.length",
  version: "weir.v",
  /** Only where it differs from the day of the record's timestamp. */
  day: "weir.day",
  /** Only where it is not UTC. */
  tz: "weir.tz",
} as const;

/** Names that a static field of an entry may not take. */
export const RESERVED_HEADERS: ReadonlySet<string> = new Set(Object.values(HEADER));

/** Topic names that Kafka and an index name both bear. */
const TOPIC = /^[a-z0-9][a-z0-9._-]{0,180}$/;

/** True for a topic name that is safe in Kafka, in an index name and in a URL. */
export function isTopicName(name: string): boolean {
  return TOPIC.test(name) && !name.includes("..");
}
