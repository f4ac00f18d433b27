#!/bin/sh
# Brings time zone, users and kernel settings to what is wanted.
set -eu

if [ ! -e "/usr/share/zoneinfo/$OS_TIMEZONE" ]; then
  echo "There is no time zone $OS_TIMEZONE in /usr/share/zoneinfo"
  exit 1
fi
# shellcheck disable=SC3013 # every shell of Debian knows -ef
if ! [ /etc/localtime -ef "/usr/share/zoneinfo/$OS_TIMEZONE" ]; then
  ln -sfn "/usr/share/zoneinfo/$OS_TIMEZONE" /etc/localtime
  printf '%s\n' "$OS_TIMEZONE" >/etc/timezone
fi

index=0
for user in $OS_USERS; do
  eval "shell=\$OS_USER_${index}_SHELL groups=\$OS_USER_${index}_GROUPS keys=\$OS_USER_${index}_KEYS"
  # shellcheck disable=SC2154
  if ! getent passwd "$user" >/dev/null; then useradd --create-home --shell "$shell" --user-group "$user"; fi
  # shellcheck disable=SC2154
  for group in $groups; do
    getent group "$group" >/dev/null || groupadd "$group"
    usermod --append --groups "$group" "$user"
  done
  # shellcheck disable=SC2154
  if [ -n "$keys" ]; then
    home=$(getent passwd "$user" | cut -d: -f6)
    install -d -m 0700 -o "$user" -g "$user" "$home/.ssh"
    touch "$home/.ssh/authorized_keys"
    printf '%s' "$keys" | while IFS= read -r key; do
      grep -qxF -e "$key" "$home/.ssh/authorized_keys" || printf '%s\n' "$key" >>"$home/.ssh/authorized_keys"
    done
    chown "$user:$user" "$home/.ssh/authorized_keys"
    chmod 0600 "$home/.ssh/authorized_keys"
  fi
  index=$((index + 1))
done

for setting in $OS_SYSCTL; do
  file=/proc/sys/$(printf '%s' "${setting%%=*}" | tr . /)
  if [ -w "$file" ]; then printf '%s\n' "${setting#*=}" >"$file"; fi
done

if [ "$OS_HARDENING" = true ] && [ -d /run/sshd ]; then
  systemctl reload ssh 2>/dev/null || :
fi
