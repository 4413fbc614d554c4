/** The columns of an archive's Parquet, and the fields of a document that they hold; no column has a dot in its name. */

/** A document of the archive: fields by their names in the index. */
export type ArchivedDocument = Record<string, unknown> & { _id: string };

type Columns = readonly (readonly [field: string, column: string])[];

const TEXTS: Columns = [
  ["message", "message"],
  ["host.name", "host_name"],
  ["log.file.path", "log_file_path"],
  ["log.file.generation", "log_file_generation"],
  ["log.level", "log_level"],
  ["event.dataset", "event_dataset"],
  ["tz", "tz"],
];
const TIMES: Columns = [
  ["@timestamp", "timestamp"],
  ["event.created", "event_created"],
  ["event.ingested", "event_ingested"],
];
const NUMBERS: Columns = [
  ["log.offset", "log_offset"],
  ["log.length", "log_length"],
  ["kafka.partition", "kafka_partition"],
  ["kafka.offset", "kafka_offset"],
];

/** Beside `uid`, which is `_id`, and `fields`, which is JSON. `topic` and `day` are in the path. */
export const COLUMNS = { texts: TEXTS, times: TIMES, numbers: NUMBERS } as const;
