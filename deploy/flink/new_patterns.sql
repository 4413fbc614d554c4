-- The first line of each error pattern that was not seen for 30 days: what is new since the last release. A pattern is
-- the line without what varies: times, numbers, hexadecimal ids, quoted texts.
SET 'pipeline.name' = 'weir: new error patterns';
SET 'table.exec.state.ttl' = '30 d';
ALTER TABLE weir_records SET ('properties.group.id' = 'weir-flink-new-patterns');

CREATE TEMPORARY VIEW patterns AS
SELECT *,
  REGEXP_REPLACE(REGEXP_REPLACE(REGEXP_REPLACE(SUBSTRING(line, 1, 500),
    '"[^"]*"|''[^'']*''', '"*"'),
    '\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b0x[0-9a-fA-F]+\b|\b[0-9a-fA-F]{12,}\b', 'ID'),
    '[0-9]+', '#') AS `pattern`
FROM weir_errors;

INSERT INTO new_patterns
SELECT `pattern`, topic, host, path, line, uid, sent
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY topic, `pattern` ORDER BY seen) AS occurrence FROM patterns
)
WHERE occurrence = 1;
