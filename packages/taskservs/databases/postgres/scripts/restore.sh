#!/bin/sh
# Puts back what backup.sh told, from standard input. The role that does it can't be dropped and made anew.
set -eu

cd /
sed -e '/^DROP ROLE IF EXISTS postgres;$/d' -e '/^CREATE ROLE postgres;$/d' |
  setpriv --reuid=postgres --regid=postgres --init-groups \
    "/usr/lib/postgresql/$PG_VERSION/bin/psql" -AtqX -v ON_ERROR_STOP=1 -h /var/run/postgresql -p "$PG_PORT" -d template1 >/dev/null
