#!/bin/sh
# The unpacked program; data stays.
set -eu
rm -rf /opt/grafana
