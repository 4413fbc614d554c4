-- The archive of weir-transfer as a table of Trino's Hive connector, whose catalog is called hive here. Put in the place.
-- The catalog needs: fs.native-s3.enabled=true (or fs.hadoop.enabled=true), hive.non-managed-table-writes-enabled=false.
CREATE TABLE hive.default.weir (
  "uid" VARCHAR,
  "timestamp" TIMESTAMP(3),
  "event_created" TIMESTAMP(3),
  "event_ingested" TIMESTAMP(3),
  "message" VARCHAR,
  "host_name" VARCHAR,
  "log_file_path" VARCHAR,
  "log_file_generation" VARCHAR,
  "log_level" VARCHAR,
  "event_dataset" VARCHAR,
  "tz" VARCHAR,
  "log_offset" BIGINT,
  "log_length" BIGINT,
  "kafka_partition" BIGINT,
  "kafka_offset" BIGINT,
  "fields" VARCHAR,
  "topic" VARCHAR,
  "day" VARCHAR
)
WITH (
  format = 'PARQUET',
  partitioned_by = ARRAY['topic', 'day'],
  external_location = 's3://logs/weir'
);

-- New days, each time that there are some.
CALL hive.system.sync_partition_metadata('default', 'weir', 'FULL');

-- SELECT "day", "log_level", count(*) FROM hive.default.weir WHERE "topic" = 'web_log' GROUP BY 1, 2;
