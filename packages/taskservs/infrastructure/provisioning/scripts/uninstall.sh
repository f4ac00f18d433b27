#!/bin/sh
set -eu
npm uninstall --global --prefix "$NPM_PREFIX" @provisioning/cli
