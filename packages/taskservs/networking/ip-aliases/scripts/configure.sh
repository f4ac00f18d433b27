#!/bin/sh
# The unit has run before; an address that was taken away by hand comes back here.
set -eu
for alias in $IP_ALIASES; do ip address replace "${alias%@*}" dev "${alias##*@}"; done
