#!/bin/sh
# On the control plane: the node works again.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
kubectl uncordon "$SERVER_HOSTNAME"
kubectl wait --for=condition=Ready "node/$SERVER_HOSTNAME" --timeout 300s || echo "$SERVER_HOSTNAME is not ready yet" >&2
