#!/bin/sh
# Stands for apache/kafka: the variables KAFKA_* become server.properties, as that image documents.
set -e
properties=/tmp/server.properties
env | sed -n 's/^KAFKA_\([A-Z0-9_]*\)=/\1=/p' | grep -v '^\(HEAP_OPTS\|OPTS\)=' | while IFS='=' read -r name value; do
  echo "$(echo "$name" | tr 'A-Z_' 'a-z.')=$value"
done > $properties
run() { java $1 -Dlog4j2.configurationFile=/opt/kafka/log4j2.properties -cp '/opt/kafka/lib/*' "$2" "$3" "$4" "$5" "$6" "$7"; }
data=$(sed -n 's/^log.dirs=//p' $properties)
if [ ! -e "$data/meta.properties" ]; then
  run -Xmx128m kafka.tools.StorageTool format -t "$CLUSTER_ID" -c $properties
fi
exec java $KAFKA_HEAP_OPTS -Dlog4j2.configurationFile=/opt/kafka/log4j2.properties -cp '/opt/kafka/lib/*' kafka.Kafka $properties
