#!/bin/sh
# The server answers; a loading data set is not yet healthy.
set -eu
answer=$(redis-cli -p "$REDIS_PORT" ping)
echo "$answer"
[ "$answer" = PONG ]
