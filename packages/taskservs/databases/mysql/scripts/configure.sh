#!/bin/sh
# Creates the databases that are missing; root comes in through the socket, without a password.
set -eu

tries=50
until mysql -N -e 'select 1' >/dev/null 2>&1 || [ "$tries" -le 0 ]; do
  tries=$((tries - 1))
  sleep 0.2
done
for name in $MYSQL_DATABASES; do mysql -e "create database if not exists \`$name\`"; done
