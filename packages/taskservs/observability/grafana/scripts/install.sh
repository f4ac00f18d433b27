#!/bin/sh
# Unpacks the download where it is served from.
set -eu
# shellcheck disable=SC3013 # every shell of Debian knows -nt
if [ -x /opt/grafana/bin/grafana ] && [ /opt/grafana/bin/grafana -nt /usr/local/share/grafana.tar.gz ]; then exit 0; fi
rm -rf /opt/grafana.new
mkdir -p /opt/grafana.new
tar -x -z -m -C /opt/grafana.new --strip-components=1 -f /usr/local/share/grafana.tar.gz
rm -rf /opt/grafana
mv /opt/grafana.new /opt/grafana
touch "$WORK/restart"
