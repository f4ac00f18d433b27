#!/bin/sh
# Tells the installed version without starting it.
set -u
manifest=$NPM_PREFIX/lib/node_modules/@provisioning/cli/package.json
if [ ! -r "$manifest" ]; then exit 0; fi
while IFS= read -r line; do
  case $line in
    *'"version":'*)
      line=${line#*: \"}
      printf 'provisioning\t%s\n' "${line%%\"*}"
      exit 0
      ;;
  esac
done <"$manifest"
