#!/bin/sh
# Tells whether the control plane was made, and its version.
set -u
if [ -s /etc/kubernetes/admin.conf ]; then printf 'control plane\tinitialised\n'; fi
version=$(cat /etc/kubernetes/provisioning-version 2>/dev/null) && printf 'control plane version\t%s\n' "$version"
