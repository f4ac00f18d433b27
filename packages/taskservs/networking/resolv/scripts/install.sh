#!/bin/sh
# Writes /etc/resolv.conf. The file may be a mount of the container engine, so it is written, not replaced.
set -eu
if [ -z "$RESOLV_CONF" ]; then exit 0; fi
if [ -L /etc/resolv.conf ]; then
  systemctl disable --now systemd-resolved 2>/dev/null || :
  rm -f /etc/resolv.conf
fi
mkdir -p /var/lib/provisioning/resolv
if [ ! -e /var/lib/provisioning/resolv/original ] && [ -e /etc/resolv.conf ]; then
  cp /etc/resolv.conf /var/lib/provisioning/resolv/original
fi
printf '# Written by provisioning; changes made here are undone by the next deploy.\n%s' "$RESOLV_CONF" >/etc/resolv.conf
