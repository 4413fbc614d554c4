#!/bin/sh
exec java -Xmx128m -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=/opt/kafka/log4j2-tools.properties \
  -cp '/opt/kafka/lib/*' org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
