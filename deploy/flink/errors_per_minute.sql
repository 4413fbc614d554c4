-- Errors per minute of sending, by topic and host, each line counted once, into a topic and into Elasticsearch. A count
-- is corrected whenever another error of its minute comes, however late: no watermark cuts anything off. (A window would
-- say each count once and leave late lines out: agents send what lay on their disks during an outage hours later.)
SET 'pipeline.name' = 'weir: errors per minute';
SET 'table.exec.state.ttl' = '7 d';
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '2 s';
SET 'table.exec.mini-batch.size' = '5000';
ALTER TABLE weir_records SET ('properties.group.id' = 'weir-flink-errors-per-minute');

CREATE TEMPORARY VIEW counted AS
SELECT FLOOR(sent TO MINUTE) AS `minute`, topic, COALESCE(host, '') AS host, COUNT(*) AS errors
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY uid ORDER BY seen) AS occurrence FROM weir_errors
)
WHERE occurrence = 1
GROUP BY FLOOR(sent TO MINUTE), topic, COALESCE(host, '');

EXECUTE STATEMENT SET BEGIN
  INSERT INTO error_counts SELECT * FROM counted;
  INSERT INTO error_counts_index SELECT * FROM counted;
END;
