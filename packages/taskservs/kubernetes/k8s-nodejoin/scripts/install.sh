#!/bin/sh
# The token reaches kubeadm through a file only root may read, never through its arguments.
set -eu
if [ -s /etc/kubernetes/kubelet.conf ]; then exit 0; fi
umask 077
cat >"$WORK/join.yaml" <<END
apiVersion: kubeadm.k8s.io/v1beta3
kind: JoinConfiguration
nodeRegistration:
  name: $SERVER_HOSTNAME
discovery:
  bootstrapToken:
    apiServerEndpoint: $CP_ADDRESS
    token: $JOIN_TOKEN
    caCertHashes: ["$CA_HASH"]
END
kubeadm join --config "$WORK/join.yaml"
