#!/bin/sh
# Moves what runs here elsewhere before the server leaves.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
kubectl drain "$SERVER_HOSTNAME" --ignore-daemonsets --delete-emptydir-data --timeout 120s
