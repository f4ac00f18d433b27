#!/bin/sh
# Brings the server to the wanted state. Runs only when something differs; running it again changes nothing.
set -eu

install -d -m 0755 /var/lib/%name%
