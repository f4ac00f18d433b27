#!/bin/sh
# Needs Node.js 22.18 or newer on the server; Debian 12 has an older one.
set -eu
if ! command -v npm >/dev/null; then
  echo 'npm is not installed; install Node.js 22.18 or newer first'
  exit 1
fi
npm install --global --no-audit --no-fund --prefix "$NPM_PREFIX" ${NPM_REGISTRY:+--registry "$NPM_REGISTRY"} "@provisioning/cli@$TASKSERV_VERSION"
