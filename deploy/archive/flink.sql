-- A topic in the archive of weir-transfer, as NDJSON, as a table of Flink, for batch queries. Put in the place; a path of
-- s3:// or hdfs:// needs Flink's file system for it, and zstd-jni on the classpath (deploy/flink/README.md) unpacks the
-- objects. A table of all topics is not possible: Flink takes the archive's own folder, _weir, for a partition.
SET 'execution.runtime-mode' = 'batch';
SET 'sql-client.execution.result-mode' = 'tableau';

CREATE TABLE weir_archive (
  `_id` STRING,
  `@timestamp` STRING,
  `message` STRING,
  `host.name` STRING,
  `log.file.path` STRING,
  `log.file.generation` STRING,
  `log.offset` BIGINT,
  `log.length` BIGINT,
  `log.level` STRING,
  `event.dataset` STRING,
  `event.created` STRING,
  `event.ingested` STRING,
  `topic` STRING,
  `day` STRING
) PARTITIONED BY (`day`) WITH (
  'connector' = 'filesystem',
  'path' = 'file:///srv/archive/topic=web_log',
  'format' = 'json'
);

SELECT `day`, `log.level`, COUNT(*) AS line_count, COUNT(DISTINCT `_id`) AS ids
FROM weir_archive GROUP BY `day`, `log.level`;
