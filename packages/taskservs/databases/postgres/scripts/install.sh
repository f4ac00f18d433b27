#!/bin/sh
# A server that follows another starts from a copy of it; what the package made is put aside the first time.
set -eu

if [ -z "$PG_REPLICA_OF" ]; then exit 0; fi
data=/var/lib/postgresql/$PG_VERSION/main
bin=/usr/lib/postgresql/$PG_VERSION/bin
if [ -e "$data/standby.signal" ] && grep -q "host=$PG_PRIMARY port=$PG_PRIMARY_PORT" "$data/postgresql.auto.conf"; then exit 0; fi

systemctl stop "postgresql@$PG_VERSION-main" || :
cd /
copy=$data.copy
rm -rf "$copy"
attempt=1
until PGPASSWORD=$PG_REPLICATION_PASSWORD setpriv --reuid=postgres --regid=postgres --init-groups \
  "$bin/pg_basebackup" -h "$PG_PRIMARY" -p "$PG_PRIMARY_PORT" -U "$PG_REPLICATION_USER" -D "$copy" -X stream -R --checkpoint=fast --no-password; do
  rm -rf "$copy"
  if [ "$attempt" -ge 10 ]; then
    echo "The server at $PG_PRIMARY:$PG_PRIMARY_PORT gives no copy of itself to $PG_REPLICATION_USER"
    exit 1
  fi
  sleep "$attempt"
  attempt=$((attempt + 1))
done
if [ -d "$data" ]; then mv "$data" "$data.before-$(date +%Y%m%d%H%M%S)"; fi
mv "$copy" "$data"
touch "$WORK/restart"
