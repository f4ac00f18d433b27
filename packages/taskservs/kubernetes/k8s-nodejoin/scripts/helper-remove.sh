#!/bin/sh
# On the control plane: what runs on the node moves elsewhere, then the cluster forgets it.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
if ! kubectl get node "$SERVER_HOSTNAME" >/dev/null 2>&1; then exit 0; fi
kubectl drain "$SERVER_HOSTNAME" --ignore-daemonsets --delete-emptydir-data --timeout 300s
kubectl delete node "$SERVER_HOSTNAME"
