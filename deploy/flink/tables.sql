-- The topics of Weir as tables, and where the jobs beside this file write. Everything that a site changes (addresses,
-- topics, names of indices) stands here: the addresses are those of the compose file. Give it to the SQL client before a
-- job: sql-client.sh -i tables.sql -f errors_per_minute.sql

SET 'table.local-time-zone' = 'UTC';
SET 'execution.checkpointing.interval' = '10 s';
SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';
SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';

-- The records as docs/record-format.md says: raw value, key, headers, and the time of sending, which is the event time.
CREATE TABLE weir_records (
  line STRING,
  `key` STRING,
  headers MAP<STRING, BYTES> METADATA VIRTUAL,
  sent TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  topic STRING METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  WATERMARK FOR sent AS sent - INTERVAL '30' SECOND
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'weir-flink',
  'topic' = 'demo_logs;host_logs',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '1 min',
  'scan.watermark.idle-timeout' = '10 s',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'value.format' = 'raw',
  'value.fields-include' = 'EXCEPT_KEY'
);

-- Headers as columns. A record is a line of Weir only where all of them can be read; else it is a plain line.
CREATE VIEW weir_headers AS
SELECT *,
  COALESCE(
    CAST(headers['weir.v'] AS STRING) = '1'
      AND REGEXP(`key`, '^[A-Za-z0-9_-]{16}$')
      AND CAST(headers['host.name'] AS STRING) <> ''
      AND CAST(headers['log.file.path'] AS STRING) <> ''
      AND REGEXP(CAST(headers['log.offset'] AS STRING), '^[0-9]{1,15}$')
      AND REGEXP(CAST(headers['log.length'] AS STRING), '^[0-9]{1,15}$'),
    FALSE) AS is_ours,
  TRY_CAST(CAST(headers['log.offset'] AS STRING) AS BIGINT) AS file_offset,
  TRY_CAST(CAST(headers['log.length'] AS STRING) AS BIGINT) AS file_length,
  CAST(headers['weir.day'] AS STRING) AS noted_day,
  DATE_FORMAT(sent, 'yyyy-MM-dd') AS sent_day
FROM weir_records
-- A record without a value is no line.
WHERE line IS NOT NULL;

-- Lines, repeats among them. uid is the line's name for ever, the same that weir-transfer gives its document.
CREATE VIEW weir_lines AS
SELECT
  CASE WHEN is_ours
    THEN `key` || ':' || CAST(file_offset AS STRING) || '-' || CAST(file_offset + file_length AS STRING)
    ELSE topic || '-' || CAST(`partition` AS STRING) || '-' || CAST(`offset` AS STRING) || '-'
      || CAST(EXTRACT(EPOCH FROM sent) * 1000 + EXTRACT(MILLISECOND FROM sent) AS STRING)
  END AS uid,
  line,
  topic,
  NULLIF(CAST(headers['host.name'] AS STRING), '') AS host,
  NULLIF(CAST(headers['log.file.path'] AS STRING), '') AS path,
  CASE WHEN is_ours THEN `key` END AS generation,
  CASE WHEN is_ours THEN file_offset ELSE `offset` END AS file_offset,
  CASE WHEN is_ours THEN file_length ELSE CHAR_LENGTH(HEX(line)) / 2 END AS file_length,
  CASE WHEN is_ours AND REGEXP(noted_day, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')
      AND CAST(TRY_CAST(noted_day AS DATE) AS STRING) = noted_day
    THEN noted_day ELSE sent_day END AS `day`,
  -- A word in capitals near the beginning, or the value of a key; weir-transfer knows more ways to write a level.
  CASE
    WHEN REGEXP(SUBSTRING(line, 1, 256),
      '\b(FATAL|CRITICAL|CRIT|EMERG|ALERT|PANIC)\b|\b(level|lvl|severity)"?[=:] ?"?(?i)(fatal|critical|crit|emerg|alert|panic)\b')
      THEN 'fatal'
    WHEN REGEXP(SUBSTRING(line, 1, 256),
      '\b(ERROR|ERR|SEVERE)\b|\b(level|lvl|severity)"?[=:] ?"?(?i)(error|err|severe)\b') THEN 'error'
    WHEN REGEXP(SUBSTRING(line, 1, 256),
      '\b(WARN|WARNING)\b|\b(level|lvl|severity)"?[=:] ?"?(?i)(warn|warning)\b') THEN 'warn'
    WHEN REGEXP(SUBSTRING(line, 1, 256), '\b(INFO|NOTICE)\b|\b(level|lvl|severity)"?[=:] ?"?(?i)(info|notice)\b')
      THEN 'info'
    WHEN REGEXP(SUBSTRING(line, 1, 256), '\bDEBUG\b|\b(level|lvl|severity)"?[=:] ?"?(?i)debug\b') THEN 'debug'
    WHEN REGEXP(SUBSTRING(line, 1, 256), '\bTRACE\b|\b(level|lvl|severity)"?[=:] ?"?(?i)trace\b') THEN 'trace'
  END AS level,
  headers,
  sent,
  PROCTIME() AS seen,
  `partition`,
  `offset`
FROM weir_headers;

CREATE VIEW weir_errors AS SELECT * FROM weir_lines WHERE level IN ('error', 'fatal');

-- ---- where the jobs write -------------------------------------------------------------------------------------------

-- Each line once, for readers that cannot drop repeats themselves; read it with isolation.level=read_committed.
CREATE TABLE lines_once (
  uid STRING,
  line STRING,
  topic STRING,
  host STRING,
  path STRING,
  sent TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.transaction.timeout.ms' = '900000',
  'topic' = 'weir-lines-once',
  'key.format' = 'raw',
  'key.fields' = 'uid',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'weir-lines-once'
);

-- The last record of a key (minute, topic, host) is the count.
CREATE TABLE error_counts (
  `minute` TIMESTAMP_LTZ(3),
  topic STRING,
  host STRING,
  errors BIGINT,
  PRIMARY KEY (`minute`, topic, host) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.transaction.timeout.ms' = '900000',
  'topic' = 'weir-error-counts',
  'key.format' = 'json',
  'key.json.timestamp-format.standard' = 'ISO-8601',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'weir-error-counts'
);

-- Not under weir-*: those indices have a mapping of their own, and Weir removes the old ones.
CREATE TABLE error_counts_index (
  `@timestamp` TIMESTAMP_LTZ(3),
  topic STRING,
  `host.name` STRING,
  errors BIGINT,
  PRIMARY KEY (`@timestamp`, topic, `host.name`) NOT ENFORCED
) WITH (
  'connector' = 'weir-elasticsearch',
  'hosts' = 'http://elasticsearch:9200',
  'index' = 'flink-error-counts',
  'operation' = 'index'
);

CREATE TABLE new_patterns (
  `pattern` STRING,
  topic STRING,
  host STRING,
  path STRING,
  line STRING,
  uid STRING,
  sent TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.transaction.timeout.ms' = '900000',
  'topic' = 'weir-new-patterns',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'weir-new-patterns'
);

-- Documents as weir-transfer writes them: README.md says what differs.
CREATE TABLE documents (
  `_index` STRING,
  `_id` STRING,
  `@timestamp` TIMESTAMP_LTZ(3),
  topic STRING,
  `event.dataset` STRING,
  `host.name` STRING,
  `log.file.path` STRING,
  `log.file.generation` STRING,
  `log.offset` BIGINT,
  `log.length` BIGINT,
  `log.level` STRING,
  `event.created` TIMESTAMP_LTZ(3),
  `event.ingested` TIMESTAMP_LTZ(3),
  `kafka.partition` INT,
  `kafka.offset` BIGINT,
  fields MAP<STRING, BYTES>,
  message STRING
) WITH (
  'connector' = 'weir-elasticsearch',
  'hosts' = 'http://elasticsearch:9200',
  'operation' = 'create',
  'map.without' = 'weir.v;weir.day;weir.tz;host.name;log.file.path;log.offset;log.length'
);
