#!/bin/sh
# Refuses a server that is smaller than the definition has workers. A machine shows a little less memory than it is
# sold with: a tenth may be missing.
set -eu
if [ -s /etc/kubernetes/kubelet.conf ]; then exit 0; fi
figure() { printf '%s\n' "$1" | awk '/Ti$/ {print $1*1048576; next} /Gi$/ {print $1*1024; next} /m$/ {print $1/1000; next} {print $1+0}'; }
refuse() {
  echo "$SERVER_HOSTNAME has $1; 'resources' of the configuration of Kubernetes asks for $2" >&2
  exit 1
}
cpus=$(nproc)
if [ -n "$NODE_CPU" ] && ! awk "BEGIN {exit !($cpus >= $(figure "$NODE_CPU"))}"; then refuse "$cpus CPUs" "$NODE_CPU"; fi
memory=$(awk '/^MemTotal:/ {print int($2/1024)}' /proc/meminfo)
if [ -n "$NODE_MEMORY" ] && ! awk "BEGIN {exit !($memory >= 0.9 * $(figure "$NODE_MEMORY"))}"; then
  refuse "${memory}Mi of memory" "$NODE_MEMORY"
fi
