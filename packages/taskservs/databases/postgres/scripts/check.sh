#!/bin/sh
# Tells which roles and databases there are. psql itself, not Debian's wrapper: it starts five times faster.
set -u

for user in $PG_USERS; do
  if [ -s "/etc/provisioning/secrets/postgres-$user" ]; then printf 'password file of %s\tpresent\n' "$user"; fi
done
psql=/usr/lib/postgresql/$PG_VERSION/bin/psql
if [ ! -x "$psql" ] || [ ! -S "/var/run/postgresql/.s.PGSQL.$PG_PORT" ]; then exit 0; fi
tab=$(printf '\t')
cd /
replication="select 'replication', 'none' where false"
if [ -n "$PG_REPLICA_OF" ]; then
  replication="select 'replication from $PG_REPLICA_OF', coalesce((select status from pg_stat_wal_receiver), 'stopped')"
fi
as_postgres() {
  database=$1
  shift
  setpriv --reuid=postgres --regid=postgres --init-groups \
    "$psql" -AtqX -F "$tab" -h /var/run/postgresql -p "$PG_PORT" -d "$database" "$@" 2>/dev/null
}
if [ -n "$PG_EXTENSIONS" ]; then
  for entry in postgres $PG_DATABASES; do
    as_postgres "${entry%%:*}" -v "database=${entry%%:*}" <<'SQL'
select 'extension ' || extname || ' in ' || :'database', 'present' from pg_extension;
SQL
  done
fi
as_postgres postgres -c \
  "select 'user ' || rolname, 'present' from pg_roles where rolcanlogin
   union all select 'database ' || datname, 'owned by ' || pg_get_userbyid(datdba) from pg_database
   union all $replication"
