#!/bin/sh
# Joins with a token that the control plane has just given, or brings a node to another version. The token reaches
# kubeadm through a file only root may read, never through its arguments.
set -eu
umask 077
record=/etc/kubernetes/provisioning-version
was=$(cat "$record" 2>/dev/null) || was=
if [ ! -s /etc/kubernetes/kubelet.conf ]; then
  mkdir -p /etc/kubernetes
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
elif [ -n "$was" ] && [ "$was" != "$K8S_VERSION" ]; then
  kubeadm upgrade node
  systemctl daemon-reload
  systemctl restart kubelet
fi
printf '%s\n' "$K8S_VERSION" >"$record"
