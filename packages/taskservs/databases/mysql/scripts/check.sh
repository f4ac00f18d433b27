#!/bin/sh
# Tells which databases there are.
set -u

if [ -z "$MYSQL_DATABASES" ] || ! command -v mysql >/dev/null; then exit 0; fi
mysql -N -B -e 'show databases' 2>/dev/null | while IFS= read -r name; do printf 'database %s\tpresent\n' "$name"; done
