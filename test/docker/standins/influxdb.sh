#!/bin/sh
# Stands for influxdb:2: the variables DOCKER_INFLUXDB_INIT_* set it up at its first start.
set -e
data=/var/lib/influxdb2
/usr/local/bin/influxd --bolt-path=$data/bolt --sqlite-path=$data/sqlite --engine-path=$data/engine \
  --http-bind-address=127.0.0.1:18086 --reporting-disabled &
first=$!
until curl -fsS -o /dev/null http://127.0.0.1:18086/health; do sleep 0.2; done
if [ ! -e $data/set-up ]; then
  curl -fsS -o /dev/null -H 'content-type: application/json' http://127.0.0.1:18086/api/v2/setup -d "{
    \"username\": \"$DOCKER_INFLUXDB_INIT_USERNAME\", \"password\": \"$DOCKER_INFLUXDB_INIT_PASSWORD\",
    \"org\": \"$DOCKER_INFLUXDB_INIT_ORG\", \"bucket\": \"$DOCKER_INFLUXDB_INIT_BUCKET\",
    \"token\": \"$DOCKER_INFLUXDB_INIT_ADMIN_TOKEN\"}"
  touch $data/set-up
fi
kill $first
wait $first || true
exec /usr/local/bin/influxd --bolt-path=$data/bolt --sqlite-path=$data/sqlite --engine-path=$data/engine --reporting-disabled
