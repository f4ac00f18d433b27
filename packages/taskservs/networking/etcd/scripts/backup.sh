#!/bin/sh
# A snapshot of the key space, on standard output.
set -eu

file=$(mktemp -u -p /var/tmp etcd.XXXXXXXX)
trap 'rm -f "$file"' EXIT
etcdctl --endpoints "$ETCD_ENDPOINT" snapshot save "$file" >/dev/null 2>&1
cat "$file"
