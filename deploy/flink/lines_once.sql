-- Each line of the topics once into another topic, by transactions: a repeat with the same uid is dropped, also over a
-- crash. Repeats come within minutes; the state holds the uids of a day.
SET 'pipeline.name' = 'weir: lines once';
SET 'table.exec.state.ttl' = '1 d';
ALTER TABLE weir_records SET ('properties.group.id' = 'weir-flink-lines-once');

INSERT INTO lines_once
SELECT uid, line, topic, host, path, sent
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY uid ORDER BY seen) AS occurrence FROM weir_lines
)
WHERE occurrence = 1;
