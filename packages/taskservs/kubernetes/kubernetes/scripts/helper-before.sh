#!/bin/sh
# On the first control plane: what another one needs to join.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
echo "JOIN_TOKEN=$(kubeadm token create --ttl 30m)"
echo "CERTIFICATE_KEY=$(kubeadm init phase upload-certs --upload-certs 2>/dev/null | tail -n 1)"
echo "CA_HASH=sha256:$(openssl x509 -pubkey -noout -in /etc/kubernetes/pki/ca.crt | openssl pkey -pubin -outform der | sha256sum | cut -d ' ' -f 1)"
if [ -s /etc/kubernetes/pki/encryption.yaml ]; then
  echo "ENCRYPTION_CONFIG=$(base64 -w 0 /etc/kubernetes/pki/encryption.yaml)"
fi
