#!/bin/sh
# Takes the control plane down.
set -eu
kubeadm reset --force
rm -f /etc/kubernetes/provisioning-version /etc/kubernetes/admin.conf
