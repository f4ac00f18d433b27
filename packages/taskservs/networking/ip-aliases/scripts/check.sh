#!/bin/sh
# Tells which of the wanted addresses there are.
set -u
if [ -z "$IP_ALIASES" ]; then exit 0; fi
ip -o address show | while read -r _ interface _ address _; do
  for alias in $IP_ALIASES; do
    if [ "$alias" = "$address@$interface" ]; then printf 'address %s on %s\tpresent\n' "$address" "$interface"; fi
  done
done
