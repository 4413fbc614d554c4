#!/bin/sh
# `influx ping`, the one command of it that a health check runs.
exec curl -fsS -o /dev/null http://127.0.0.1:8086/health
