#!/bin/sh
# Carries roles, databases and rows to the next major version: dump, stop, restore, verify; revert when one of them fails.
# The data directory of the version before stays where it is.
set -eu

step=$1
old=${2%%.*}
new=$PG_VERSION
place=/var/lib/postgresql/migration-$old-$new
unfinished=$place/unfinished
cd /

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
sql() {
  version=$1
  shift
  as_postgres "/usr/lib/postgresql/$version/bin/psql" -AtqX -v ON_ERROR_STOP=1 -h /var/run/postgresql -p "$PG_PORT" "$@"
}
ready() {
  tries=100
  until sql "$1" -d postgres -c 'select 1' >/dev/null 2>&1; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then
      sql "$1" -d postgres -c 'select 1'
      exit 1
    fi
    sleep 0.2
  done
}
# Every table of every database with the number of its rows.
tables() {
  sql "$1" -d postgres -c 'select datname from pg_database where datallowconn and not datistemplate order by 1' |
    while IFS= read -r database; do
      echo "database $database"
      sql "$1" -d "$database" <<'SQL'
select format('select %L, count(*) from %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, c.relname
\gexec
SQL
    done
}

case $step in
  dump)
    if [ -d "/var/lib/postgresql/$new/main" ] && [ ! -e "$unfinished" ]; then
      echo "There is a database of version $new already: /var/lib/postgresql/$new/main"
      exit 1
    fi
    if [ -e "$unfinished" ]; then systemctl stop "postgresql@$new-main" || :; fi
    systemctl start "postgresql@$old-main"
    ready "$old"
    install -d -m 0700 -o postgres -g postgres "$place"
    : >"$unfinished"
    umask 077
    as_postgres "/usr/lib/postgresql/$old/bin/pg_dumpall" -h /var/run/postgresql -p "$PG_PORT" -f "$place/all.sql"
    tables "$old" >"$place/before"
    ;;
  stop)
    systemctl disable --now "postgresql@$old-main"
    # What an attempt before this one left behind.
    if [ -d "/var/lib/postgresql/$new/main" ]; then
      pg_dropcluster --stop "$new" main
      pg_createcluster "$new" main
    fi
    ;;
  restore)
    ready "$new"
    # The role that restores is there already.
    as_postgres sed -i '/^CREATE ROLE postgres;$/d' "$place/all.sql"
    sql "$new" -d postgres -f "$place/all.sql" >/dev/null
    ;;
  verify)
    tables "$new" >"$place/after"
    if ! diff "$place/before" "$place/after"; then
      echo 'Tables or rows differ from those of the version before'
      exit 1
    fi
    rm -r "$place"
    ;;
  revert)
    systemctl disable --now "postgresql@$new-main" 2>/dev/null || :
    systemctl enable --now "postgresql@$old-main"
    ready "$old"
    ;;
esac
