-- What weir-transfer does, as a job: each line a document of the index of its topic and day, with the id that
-- weir-transfer gives it, so that both may write side by side. Repeats need no state: their id is there already.
SET 'pipeline.name' = 'weir: transfer';
ALTER TABLE weir_records SET ('properties.group.id' = 'weir-flink-transfer');

INSERT INTO documents
SELECT
  'weir-' || SUBSTRING(REGEXP_REPLACE(LOWER(topic), '[^a-z0-9._-]', '-'), 1, 195) || '-'
    || CASE WHEN `day` <= DATE_FORMAT(TIMESTAMPADD(DAY, 1, CURRENT_TIMESTAMP), 'yyyy-MM-dd')
      THEN REPLACE(`day`, '-', '.') ELSE 'other-days' END,
  uid,
  sent,
  topic,
  topic,
  host,
  path,
  generation,
  file_offset,
  file_length,
  level,
  CAST(sent AS TIMESTAMP_LTZ(3)),
  CURRENT_TIMESTAMP,
  `partition`,
  `offset`,
  headers,
  line
FROM weir_lines;
