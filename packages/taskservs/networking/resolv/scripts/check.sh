#!/bin/sh
# The resolver's file holds exactly the wanted lines; comments do not count. Nothing wanted: it is as it should be.
set -u
found=
while IFS= read -r line; do
  case $line in '' | '#'* | ';'*) ;; *) found="$found$line
" ;; esac
done </etc/resolv.conf
if [ -z "$RESOLV_CONF" ] || [ "$found" = "$RESOLV_CONF" ]; then printf 'resolv.conf\tas defined\n'; else printf 'resolv.conf\tdifferent\n'; fi
