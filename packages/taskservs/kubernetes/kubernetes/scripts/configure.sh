#!/bin/sh
# The storage class that claims without one get, once it is there.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
if [ -z "$K8S_STORAGE_CLASS" ]; then exit 0; fi
if kubectl get storageclass "$K8S_STORAGE_CLASS" >/dev/null 2>&1; then
  kubectl annotate --overwrite storageclass "$K8S_STORAGE_CLASS" storageclass.kubernetes.io/is-default-class=true
fi
