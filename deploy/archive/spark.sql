-- The archive of weir-transfer as a table of Spark SQL, from 3.2 on. Put in the place.
SET spark.sql.session.timeZone = UTC;
CREATE TABLE weir (
  `uid` STRING,
  `timestamp` TIMESTAMP,
  `event_created` TIMESTAMP,
  `event_ingested` TIMESTAMP,
  `message` STRING,
  `host_name` STRING,
  `log_file_path` STRING,
  `log_file_generation` STRING,
  `log_level` STRING,
  `event_dataset` STRING,
  `tz` STRING,
  `log_offset` BIGINT,
  `log_length` BIGINT,
  `kafka_partition` BIGINT,
  `kafka_offset` BIGINT,
  `fields` STRING,
  `topic` STRING,
  `day` STRING
)
USING PARQUET
PARTITIONED BY (`topic`, `day`)
LOCATION 's3a://logs/weir';

-- New days, each time that there are some.
MSCK REPAIR TABLE weir SYNC PARTITIONS;

-- SELECT `day`, `log_level`, count(*) FROM weir WHERE `topic` = 'web_log' AND `day` >= '2026-11-01' GROUP BY 1, 2;
