#!/bin/sh
# Writes the login of the registry. The password reaches htpasswd through its standard input.
set -eu
if [ "$REGISTRY_AUTH" != true ]; then exit 0; fi
password=$REGISTRY_PASSWORD
if [ -z "$password" ]; then
  secrets=/etc/provisioning/secrets
  install -d -m 0700 /etc/provisioning "$secrets"
  if [ ! -s "$secrets/oci-reg" ]; then (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$secrets/oci-reg"); fi
  password=$(cat "$secrets/oci-reg")
fi
umask 027
printf '%s\n' "$password" | htpasswd -iBn "$REGISTRY_USER" >/etc/docker/registry/htpasswd.new
chown root:docker-registry /etc/docker/registry/htpasswd.new
mv /etc/docker/registry/htpasswd.new /etc/docker/registry/htpasswd
touch "$WORK/restart"
