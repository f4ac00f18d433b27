#!/bin/sh
# A consistent snapshot, on standard output.
set -eu

file=$(mktemp -p /var/lib/redis)
trap 'rm -f "$file"' EXIT
redis-cli -p "$REDIS_PORT" --rdb "$file" >/dev/null 2>&1
cat "$file"
