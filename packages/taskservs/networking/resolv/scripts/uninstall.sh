#!/bin/sh
# Puts back what was there before.
set -eu
if [ -e /var/lib/provisioning/resolv/original ]; then
  cat /var/lib/provisioning/resolv/original >/etc/resolv.conf
  rm -r /var/lib/provisioning/resolv
fi
