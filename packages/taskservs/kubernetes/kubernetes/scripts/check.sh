#!/bin/sh
# Tells the kubelet's version from the package list, and whether the control plane was made.
set -u
version=$(dpkg-query -W -f '${Version}' kubelet 2>/dev/null) && printf 'kubelet\t%s\n' "${version%%-*}"
if [ -s /etc/kubernetes/admin.conf ]; then printf 'control plane\tinitialised\n'; fi
