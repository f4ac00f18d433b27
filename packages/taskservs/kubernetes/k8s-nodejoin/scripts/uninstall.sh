#!/bin/sh
set -eu
kubeadm reset --force
rm -f /etc/kubernetes/provisioning-version /etc/kubernetes/kubelet.conf
