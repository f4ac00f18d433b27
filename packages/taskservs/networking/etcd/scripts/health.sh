#!/bin/sh
# A member alone must commit a write. One of several is healthy when it serves: its peers may still be on their way, and
# a quorum is not this server's business alone.
set -eu
if [ "$ETCD_MEMBERS" -gt 1 ]; then
  etcdctl --endpoints "$ETCD_ENDPOINT" --command-timeout 3s endpoint health || systemctl is-active --quiet etcd
else
  etcdctl --endpoints "$ETCD_ENDPOINT" --command-timeout 3s endpoint health
fi
