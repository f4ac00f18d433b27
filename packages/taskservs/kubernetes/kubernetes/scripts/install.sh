#!/bin/sh
# Kubernetes' own packages, then the control plane. Both steps recognise what is done already.
set -eu
minor=${TASKSERV_VERSION%.*}
key=/etc/apt/keyrings/kubernetes.gpg
list=/etc/apt/sources.list.d/kubernetes.list
line="deb [signed-by=$key] $K8S_REPOSITORY/v$minor/deb/ /"
if [ "$(cat "$list" 2>/dev/null)" != "$line" ]; then
  install -d -m 0755 /etc/apt/keyrings
  curl -fsSL "$K8S_REPOSITORY/v$minor/deb/Release.key" | gpg --batch --yes --dearmor -o "$key"
  printf '%s\n' "$line" >"$list"
fi
if ! dpkg-query -W -f '${Version}' kubelet 2>/dev/null | grep -q "^$TASKSERV_VERSION-"; then
  apt-get update -q -o Dir::Etc::sourcelist="$list" -o Dir::Etc::sourceparts=-
  apt-get install -q -y --no-install-recommends --allow-change-held-packages \
    "kubelet=$TASKSERV_VERSION-*" "kubeadm=$TASKSERV_VERSION-*" "kubectl=$TASKSERV_VERSION-*"
  apt-mark hold kubelet kubeadm kubectl
fi
modprobe -a overlay br_netfilter 2>/dev/null || :
sysctl -q -p /etc/sysctl.d/60-kubernetes.conf 2>/dev/null || :
if [ ! -s /etc/kubernetes/admin.conf ]; then kubeadm init --config /etc/kubernetes/kubeadm.yaml --skip-token-print; fi
