#!/bin/sh
# Tells whose login the registry knows.
set -u
if [ "$REGISTRY_AUTH" = true ] && [ -r /etc/docker/registry/htpasswd ]; then
  while IFS=: read -r user _; do printf 'user %s\tpresent\n' "$user"; done </etc/docker/registry/htpasswd
fi
