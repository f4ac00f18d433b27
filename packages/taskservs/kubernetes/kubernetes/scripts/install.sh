#!/bin/sh
# The control plane: made on the first server, joined by the others, brought to another version. Every step recognises
# what is done already; secrets reach kubeadm through files that only root may read.
set -eu
umask 077
modprobe -a overlay br_netfilter 2>/dev/null || :
sysctl -q -p /etc/sysctl.d/60-kubernetes.conf 2>/dev/null || :
export KUBECONFIG=/etc/kubernetes/admin.conf
record=/etc/kubernetes/provisioning-version
was=$(cat "$record" 2>/dev/null) || was=
if [ ! -s "$KUBECONFIG" ]; then
  if [ -n "$K8S_ENCRYPT" ] && [ ! -s /etc/kubernetes/pki/encryption.yaml ]; then
    mkdir -p /etc/kubernetes/pki
    if [ -n "${ENCRYPTION_CONFIG:-}" ]; then
      printf '%s' "$ENCRYPTION_CONFIG" | base64 -d >/etc/kubernetes/pki/encryption.yaml
    else
      cat >/etc/kubernetes/pki/encryption.yaml <<END
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - aescbc: {keys: [{name: key1, secret: $(head -c 32 /dev/urandom | base64 -w 0)}]}
      - identity: {}
END
    fi
  fi
  if [ -n "$K8S_FIRST" ] && [ "$K8S_FIRST" != "$SERVER_HOSTNAME" ]; then
    cat >"$WORK/join.yaml" <<END
apiVersion: kubeadm.k8s.io/v1beta3
kind: JoinConfiguration
nodeRegistration:
  name: $SERVER_HOSTNAME
  criSocket: $K8S_CRI
controlPlane:
  certificateKey: $CERTIFICATE_KEY
  localAPIEndpoint: {advertiseAddress: $SERVER_IP, bindPort: $K8S_PORT}
discovery:
  bootstrapToken:
    apiServerEndpoint: $K8S_FIRST_ADDRESS:$K8S_PORT
    token: $JOIN_TOKEN
    caCertHashes: ["$CA_HASH"]
END
    kubeadm join --config "$WORK/join.yaml"
  else
    kubeadm init --config /etc/kubernetes/kubeadm.yaml --skip-token-print
  fi
elif [ -n "$was" ] && [ "$was" != "$K8S_VERSION" ]; then
  kubectl drain "$SERVER_HOSTNAME" --ignore-daemonsets --delete-emptydir-data --timeout 300s
  if [ -z "$K8S_FIRST" ] || [ "$K8S_FIRST" = "$SERVER_HOSTNAME" ]; then
    kubeadm upgrade apply --yes "v$K8S_VERSION"
  else
    kubeadm upgrade node
  fi
  systemctl daemon-reload
  systemctl restart kubelet
  kubectl uncordon "$SERVER_HOSTNAME"
fi
printf '%s\n' "$K8S_VERSION" >"$record"
