-- The archive of weir-transfer as a table of Hive, from 4.0 on (timestamps are 64 bits of milliseconds).
-- Put in the place; times are UTC: SET hive.parquet.timestamp.skip.conversion=true; where they come shifted.
CREATE EXTERNAL TABLE weir (
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
  `fields` STRING
)
PARTITIONED BY (`topic` STRING, `day` STRING)
STORED AS PARQUET
LOCATION 's3a://logs/weir';

-- New days, each time that there are some.
MSCK REPAIR TABLE weir SYNC PARTITIONS;

-- SELECT `day`, `log_level`, count(*) FROM weir WHERE `topic` = 'web_log' AND `day` >= '2026-11-01' GROUP BY 1, 2;
