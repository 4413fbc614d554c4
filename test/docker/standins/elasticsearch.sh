#!/bin/sh
# Stands for Elasticsearch's image: its variables with a dot are settings; security is not there and may only be off.
set -e
home=/usr/share/elasticsearch folder=/var/lib/standin
mkdir -p $folder/config $folder/logs $folder/tmp
{
  echo "cluster.name: docker-cluster"
  echo "network.host: 0.0.0.0"
  echo "path.data: $home/data"
  tr '\0' '\n' < /proc/$$/environ | sed -n 's/^\([a-z_]*\.[a-z_.]*\)=\(.*\)$/\1: \2/p' | { grep -v '^xpack\.' || true; }
} > $folder/config/elasticsearch.yml
cp /opt/standin/log4j2.properties $folder/config/log4j2.properties
mkdir -p $home/data
chown -R 1000:1000 $folder $home/data
java -XX:TieredStopAtLevel=1 -cp "$home/classes/StartArguments:$home/lib/*" StartArguments \
  $home $folder/config $folder/logs "${HOSTNAME:-es}" > $folder/start_arguments
export LIBFFI_TMPDIR=$folder/tmp
exec setpriv --reuid=1000 --regid=1000 --clear-groups -- sh /opt/standin/java_elasticsearch.sh < $folder/start_arguments
