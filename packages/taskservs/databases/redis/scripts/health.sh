#!/bin/sh
# The server answers, and the sentinel where there is one; a loading data set is not yet healthy.
set -eu
for port in "$REDIS_PORT" $REDIS_SENTINEL_PORT; do
  answer=$(redis-cli -p "$port" ping)
  echo "$answer"
  [ "$answer" = PONG ]
done
