#!/bin/sh
# Takes the control plane down and the packages off.
set -eu
kubeadm reset --force
apt-get remove -q -y --allow-change-held-packages kubelet kubeadm kubectl
rm -f /etc/apt/sources.list.d/kubernetes.list /etc/apt/keyrings/kubernetes.gpg
