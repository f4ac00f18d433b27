#!/bin/sh
# Builds a root file system with debootstrap and leaves it as a tar at $OUTPUT. Runs in a mount namespace of its own
# where the machine allows one, so that nothing stays mounted whatever happens.
# From the environment: FOLDER OUTPUT SUITE MIRROR KEYRING ARCHITECTURE COMPONENTS PACKAGES CACHE FILES MASKED MEMORY_KB
set -eu

root="$FOLDER/root"
mkdir -p "$root" "$CACHE"
if [ "${NAMESPACE:-no}" = yes ] && [ "$MEMORY_KB" -gt 2500000 ]; then
  # In memory dpkg's many synchronous writes cost nothing.
  mount -t tmpfs -o mode=755,size=1500m provisioning-base "$root"
fi

# dpkg inside the new root reads its settings from the start: the overlay is laid down before and after.
tar -C "$root" -xf "$FILES" ./etc/dpkg/dpkg.cfg.d

set -- --variant=minbase --arch="$ARCHITECTURE" --components="$COMPONENTS" --include="$PACKAGES" --cache-dir="$CACHE"
if [ -n "$KEYRING" ]; then set -- "$@" --keyring="$KEYRING"; fi
if ! debootstrap "$@" "$SUITE" "$root" "$MIRROR"; then
  if [ -f "$root/debootstrap/debootstrap.log" ]; then tail -n 15 "$root/debootstrap/debootstrap.log" >&2; fi
  exit 1
fi

tar -C "$root" --no-same-owner --keep-directory-symlink -xf "$FILES"
for unit in $MASKED; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/etc/resolv.conf" "$root/var/lib/dbus/machine-id"
rm -f "$root"/var/log/*.log "$root"/var/log/apt/*
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb
mkdir -p "$root/etc/ssh/authorized_keys.d"
tar -C "$root" --numeric-owner --one-file-system --exclude=./proc/* --exclude=./sys/* -cf "$OUTPUT" .
