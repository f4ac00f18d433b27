#!/bin/sh
# Takes away what install.sh made. Data stays: it goes only when the user asks for that.
set -eu

rmdir /var/lib/%name% 2>/dev/null || true
