#!/bin/sh
# All roles and databases as SQL, on standard output.
set -eu

cd /
exec setpriv --reuid=postgres --regid=postgres --init-groups \
  "/usr/lib/postgresql/$PG_VERSION/bin/pg_dumpall" -h /var/run/postgresql -p "$PG_PORT" --clean --if-exists
