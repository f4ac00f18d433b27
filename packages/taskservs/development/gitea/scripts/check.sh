#!/bin/sh
# Tells whether the instance has its secrets.
set -u

for name in secret_key internal_token oauth2_jwt; do
  if [ ! -s "/var/lib/gitea/secrets/$name" ]; then exit 0; fi
done
printf 'secrets of the instance\tpresent\n'
