#!/bin/sh
# Creates roles and databases and sets passwords. Passwords reach psql through its environment, never its arguments.
set -eu

secrets=/etc/provisioning/secrets

# A replica that every commit waits for may only come after this server.
export PGOPTIONS='-c synchronous_commit=local'

sql() {
  setpriv --reuid=postgres --regid=postgres --init-groups \
    "/usr/lib/postgresql/$PG_VERSION/bin/psql" -AtqX -v ON_ERROR_STOP=1 \
    -h /var/run/postgresql -p "$PG_PORT" -d postgres "$@"
}

cd /
tries=50
until sql -c 'select 1' >/dev/null 2>&1; do
  tries=$((tries - 1))
  if [ "$tries" -le 0 ]; then
    sql -c 'select 1'
    exit 1
  fi
  sleep 0.2
done
if [ -n "$PG_REPLICA_OF" ]; then
  # Roles and databases come from the server it follows; it may take a moment to reach it.
  tries=50
  until [ "$(sql -c 'select status from pg_stat_wal_receiver')" = streaming ] || [ "$tries" -le 0 ]; do
    tries=$((tries - 1))
    sleep 0.2
  done
  exit 0
fi

index=0
for user in $PG_USERS; do
  eval "password=\$PG_USER_${index}_PASSWORD options=\$PG_USER_${index}_OPTIONS"
  # shellcheck disable=SC2154
  if [ -z "$password" ]; then
    install -d -m 0700 /etc/provisioning "$secrets"
    file=$secrets/postgres-$user
    if [ ! -s "$file" ]; then
      (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$file")
    fi
    password=$(cat "$file")
  fi
  # shellcheck disable=SC2154
  PG_NEW_PASSWORD=$password sql -v "name=$user" -v "options=$options" <<'SQL'
\getenv password PG_NEW_PASSWORD
select exists (select from pg_roles where rolname = :'name') as known \gset
\if :known
\else
create role :"name" login;
\endif
set log_min_error_statement = panic;
alter role :"name" login :options password :'password';
SQL
  index=$((index + 1))
done

for entry in $PG_DATABASES; do
  name=${entry%%:*}
  owner=${entry#*:}
  sql -v "name=$name" -v "owner=${owner:-postgres}" <<'SQL'
select exists (select from pg_database where datname = :'name') as known \gset
\if :known
alter database :"name" owner to :"owner";
\else
create database :"name" owner :"owner";
\endif
SQL
done

for extension in $PG_EXTENSIONS; do
  for database in postgres $PG_DATABASES; do
    sql -d "${database%%:*}" -v "name=$extension" <<'SQL'
set client_min_messages = warning;
create extension if not exists :"name";
SQL
  done
done
