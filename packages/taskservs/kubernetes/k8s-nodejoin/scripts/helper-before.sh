#!/bin/sh
# On the control plane: a node that is there is emptied for its update, a new one gets a token.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
if kubectl get node "$SERVER_HOSTNAME" >/dev/null 2>&1; then
  kubectl drain "$SERVER_HOSTNAME" --ignore-daemonsets --delete-emptydir-data --timeout 300s >&2
fi
echo "JOIN_TOKEN=$(kubeadm token create --ttl "$TOKEN_TTL")"
echo "CA_HASH=sha256:$(openssl x509 -pubkey -noout -in /etc/kubernetes/pki/ca.crt | openssl pkey -pubin -outform der | sha256sum | cut -d ' ' -f 1)"
