#!/bin/sh
# The unpacked program and the dashboards of the definition; data stays.
set -eu
rm -rf /opt/grafana /etc/grafana/dashboards
