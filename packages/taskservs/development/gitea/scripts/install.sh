#!/bin/sh
# Secrets of the instance, made once. They live beside the data they protect: one without the other is of no use.
set -eu

place=/var/lib/gitea/secrets
install -d -m 0700 -o git -g git "$place"
for name in secret_key internal_token oauth2_jwt; do
  if [ -s "$place/$name" ]; then continue; fi
  (umask 077 && head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' >"$place/$name")
  chown git:git "$place/$name"
  touch "$WORK/restart"
done
