#!/bin/sh
# Reports facts, one a line: what, a tab, its value. Changes nothing.
set -eu

if [ -d /var/lib/%name% ]; then
  printf 'data directory\tpresent\n'
fi
