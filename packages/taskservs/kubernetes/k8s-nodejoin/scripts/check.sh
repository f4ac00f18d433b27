#!/bin/sh
# A node that joined has a kubelet configuration of its own.
set -u
if [ -s /etc/kubernetes/kubelet.conf ]; then printf 'node\tjoined\n'; fi
version=$(cat /etc/kubernetes/provisioning-version 2>/dev/null) && printf 'node version\t%s\n' "$version"
