#!/bin/sh
# Puts a snapshot back, from standard input. A server that keeps an append-only file reads that alone, so it is written
# anew from the snapshot before the service starts.
set -eu

data=/var/lib/redis
socket=$data/restore.sock
local_cli() { env -u REDISCLI_AUTH redis-cli -s "$socket" "$@" 2>/dev/null; }

umask 027
cat >"$data/dump.rdb.new"
chown redis:redis "$data/dump.rdb.new"
systemctl stop redis-server
rm -rf "$data/appendonlydir"
mv "$data/dump.rdb.new" "$data/dump.rdb"
cd "$data"
setpriv --reuid=redis --regid=redis --init-groups redis-server --port 0 --unixsocket "$socket" --dir "$data" \
  --appendonly no --save '' >/dev/null &
server=$!
tries=300
until [ "$(local_cli ping)" = PONG ] || [ "$tries" -le 0 ]; do
  tries=$((tries - 1))
  sleep 0.1
done
if grep -q '^appendonly yes' /etc/redis/redis.conf; then
  local_cli config set appendonly yes >/dev/null
  until local_cli info persistence | tr -d '\r' | grep -q '^aof_rewrite_in_progress:0' &&
    local_cli info persistence | tr -d '\r' | grep -q '^aof_rewrite_scheduled:0'; do sleep 0.1; done
fi
local_cli shutdown || :
wait "$server" || :
systemctl start redis-server
